"""App servers: listed, shown, spawned, activated, deactivated, terminated; and their logs."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.paging import page
from ocim.api.schema import SECRETS, Nothing, page_of
from ocim.api.shapes import AppServerRow, AppServerShape, JobShape, LogLine
from ocim.api.views import ApiView, flag
from ocim.catalog.secrets.masking import masked_place
from ocim.core.access import Right
from ocim.core.errors import Conflict, ValidationError
from ocim.core.jobs import ActivateJob, DeactivateJob, Payload, TerminateJob
from ocim.core.states import AppServerState
from ocim.operations import jobs, spawn
from ocim.presentation import appservers as shown
from ocim.store import logs, selectors
from ocim.store.models import LogEntry, OpenEdXInstance
from ocim.store.validators import MOST_APPSERVERS
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name

LEVEL = OpenApiParameter(
    "level", str, enum=logs.LEVELS, description="This level and worse ones (default: all lines)."
)
TERMINATED = OpenApiParameter("terminated", bool, description="Include terminated app servers.")


class AppServers(ApiView):
    @extend_schema(parameters=[TERMINATED], responses={200: page_of(AppServerRow)})
    def get(self, request: Request) -> Response:
        """List app servers of all instances, newest first."""
        self.require_somewhere(Right.VIEW)
        rows = selectors.visible(selectors.appservers(), self.access, to_instance="instance__")
        return page(_chosen(rows, request), request, shown.row)


class SpawnBody(Body):
    """New app servers, with the instance's present configuration."""

    count = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_APPSERVERS,
        help_text="Number of app servers (default: the instance's openedx_appserver_count).",
    )
    activate = serializers.BooleanField(
        required=False,
        help_text="Send visitors to the new app servers once they are healthy; those that serve"
        " now are retired.",
    )
    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=1000,
        help_text="Note to keep with the deployment.",
    )


class AppServersOfInstance(ApiView):
    @extend_schema(parameters=[TERMINATED], responses={200: page_of(AppServerRow)})
    def get(self, request: Request, instance_id: int) -> Response:
        """List app servers of an instance, newest first."""
        instance = self.instance(instance_id, Right.VIEW)
        return page(_chosen(selectors.appservers(instance.pk), request), request, shown.row)

    @extend_schema(request=SpawnBody, responses={202: JobShape})
    def post(self, request: Request, instance_id: int) -> Response:
        """Create app servers with the instance's present configuration."""
        self.instance(instance_id, Right.OPERATE)
        wanted = read(SpawnBody, request)
        instance = OpenEdXInstance.objects.select_related("ref_set", "database_server").get(
            pk=instance_id
        )
        _, job = spawn.request(
            instance=instance,
            queue=queue_name(),
            context=context(),
            creator_id=request.user.pk,
            **wanted,
        )
        return self.accepted(job)


class AppServer(ApiView):
    @extend_schema(parameters=[SECRETS], responses={200: AppServerShape})
    def get(self, request: Request, appserver_id: int) -> Response:
        """Show an app server: its state, its failure, its versions and its preview address."""
        appserver = self.appserver(appserver_id, Right.VIEW)
        secrets = self.wants_secrets(request, appserver.instance.ref_set.organization)
        facts = shown.facts(appserver, secrets=secrets)
        return Response({name.replace(" ", "_"): value for name, value in facts.items()})


class Log(ApiView):
    @extend_schema(parameters=[LEVEL], responses={200: page_of(LogLine)})
    def get(self, request: Request, appserver_id: int) -> Response:
        """List the lines of an app server's log, oldest first."""
        appserver = self.appserver(appserver_id, Right.VIEW)
        level = request.query_params.get("level", "")
        if level not in ("", *logs.LEVELS):
            raise ValidationError([f"level: {level!r} must be one of {', '.join(logs.LEVELS)}."])
        lines = logs.of_appserver(appserver.pk, level=level)
        return page(lines, request, line_facts, ordering=("id",))


class OthersBody(Body):
    """Further app servers of the same instance."""

    others = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=10**18 - 1),
        required=False,
        max_length=MOST_APPSERVERS,
        help_text="Ids of further app servers of the same instance (default: none).",
    )


class ActivateBody(OthersBody):
    """App servers that shall serve."""

    keep = serializers.BooleanField(
        required=False, help_text="Do not retire the app servers that serve now."
    )


class _Act(ApiView):
    """A job on app servers of one instance."""

    def submit(
        self,
        request: Request,
        appserver_id: int,
        others: list[int],
        payload: Callable[[tuple[int, ...]], Payload],
    ) -> Response:
        """Submit the job. Raise Conflict if the app servers belong to several instances."""
        chosen = [self.appserver(pk, Right.OPERATE) for pk in (appserver_id, *others)]
        if len({appserver.instance_id for appserver in chosen}) > 1:
            raise Conflict("These app servers belong to several instances.")
        ids = tuple(dict.fromkeys(appserver.pk for appserver in chosen))
        job = jobs.submit(
            target=chosen[0].instance,
            payload=payload(ids),
            queue=queue_name(),
            creator_id=request.user.pk,
        )
        return self.accepted(job)


class Activate(_Act):
    @extend_schema(request=ActivateBody, responses={202: JobShape})
    def post(self, request: Request, appserver_id: int) -> Response:
        """Send the instance's visitors to these app servers; retire those that serve now."""
        self.appserver(appserver_id, Right.OPERATE)
        wanted = read(ActivateBody, request)
        keep = wanted.get("keep", False)
        others = wanted.get("others", [])
        return self.submit(request, appserver_id, others, lambda ids: ActivateJob(ids, keep=keep))


class Deactivate(_Act):
    @extend_schema(request=OthersBody, responses={202: JobShape})
    def post(self, request: Request, appserver_id: int) -> Response:
        """Send no more visitors to app servers; their hosts keep running."""
        self.appserver(appserver_id, Right.OPERATE)
        others = read(OthersBody, request).get("others", [])
        return self.submit(request, appserver_id, others, DeactivateJob)


class Terminate(_Act):
    @extend_schema(request=OthersBody, responses={202: JobShape})
    def post(self, request: Request, appserver_id: int) -> Response:
        """Destroy app servers and their hosts."""
        self.appserver(appserver_id, Right.OPERATE)
        others = read(OthersBody, request).get("others", [])
        return self.submit(request, appserver_id, others, TerminateJob)


class Cancel(ApiView):
    @extend_schema(request=Nothing, responses={202: JobShape})
    def post(self, request: Request, appserver_id: int) -> Response:
        """Stop the job on an app server, which is kept and marked as failed."""
        appserver = self.appserver(appserver_id, Right.OPERATE)
        read(Nothing, request)
        job, *others = jobs.cancel_of_appserver(appserver)
        enqueue(jobs.wake_up(other) for other in others)
        return self.accepted(job)


def line_facts(line: LogEntry) -> dict[str, Any]:
    """Return a line of a log, with masks for secrets."""
    names = ("time", "level", "task", "status", "seconds", "text")
    facts = masked_place("", {name: getattr(line, name) for name in names})
    return {"id": line.pk, **facts}


def _chosen(rows: Any, request: Request) -> Any:
    if flag(request, "terminated"):
        return rows
    return rows.exclude(state=AppServerState.TERMINATED)
