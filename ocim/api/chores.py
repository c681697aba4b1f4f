"""Work on the installation, as jobs: examinations, hosts that start or stop, images, notices."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.schema import Nothing
from ocim.api.shapes import Flag, JobShape, Text, Texts, Time
from ocim.api.views import ApiView
from ocim.core.access import Right
from ocim.core.errors import Conflict
from ocim.operations import chores, image_builds
from ocim.operations.rollouts import notices
from ocim.store.models import OpenEdXInstance
from ocim.wiring import context, queue_name


class RepairBody(Body):
    """The findings to repair."""

    keys = Texts(
        required=False, help_text="Keys of findings of an examination (default: repair none)."
    )
    all = Flag(required=False, help_text="Repair all that can be repaired without harm.")


class StoredFindingShape(serializers.Serializer[Any]):
    """A finding of an examination."""

    key = Text(help_text="Name of the finding, for a repair.")
    area = Text()
    severity = serializers.ChoiceField(["ok", "warning", "error"])
    what = Text()
    where = Text()
    remedy = Text()
    is_repairable = Flag()
    is_repaired = Flag()
    error = Text(help_text="Why its repair failed; empty: it did not.")


class ExaminationShape(serializers.Serializer[Any]):
    """An examination of the installation."""

    created = Time()
    findings = StoredFindingShape(many=True)


class HostsBody(Body):
    """Hosts of a kind."""

    provider = Text(required=False, help_text="Kind of hosts (default: local).")
    hosts = Texts(required=False, min_length=1, help_text="Names of hosts (default: all).")


class ImageBody(Body):
    """The instance for whose next app server an image is built."""

    instance = serializers.IntegerField(min_value=0, max_value=10**18 - 1)


class NoticeShape(serializers.Serializer[Any]):
    """The result of a test notice to an address."""

    target = Text()
    error = Text(help_text="Why it was not sent; empty: it was.")


class Examinations(ApiView):
    @extend_schema(responses={200: ExaminationShape})
    def get(self, _request: Request) -> Response:
        """Show the newest examination, with the findings so far."""
        self.require(Right.CONFIGURE)
        if (latest := chores.latest_examination()) is None:
            raise Conflict("There is no examination yet.", remedy="Begin one with a POST.")
        return Response({"created": latest.created, "findings": latest.findings})

    @extend_schema(request=RepairBody, responses={202: JobShape})
    def post(self, request: Request) -> Response:
        """Examine all that Ocim manages in a job, and repair findings, as `ocim doctor --fix`."""
        self.require(Right.CONFIGURE)
        wanted = read(RepairBody, request)
        return self.accepted(
            chores.request_examination(
                repair=wanted.get("keys", ()),
                repair_all=wanted.get("all", False),
                queue=queue_name(),
            )
        )


class _Hosts(ApiView):
    def submit(self, request: Request, *, start: bool) -> Response:
        """Submit the job. Raise ValidationError if there is no such kind, or no such host."""
        self.require(Right.CONFIGURE)
        wanted = read(HostsBody, request)
        return self.accepted(
            chores.request_hosts(
                provider=wanted.get("provider", "local"),
                names=wanted.get("hosts", ()),
                start=start,
                queue=queue_name(),
                context=context(),
            )
        )


class StartHosts(_Hosts):
    @extend_schema(request=HostsBody, responses={202: JobShape})
    def post(self, request: Request) -> Response:
        """Start hosts: these, or those of app servers that run or are being provisioned."""
        return self.submit(request, start=True)


class StopHosts(_Hosts):
    @extend_schema(request=HostsBody, responses={202: JobShape})
    def post(self, request: Request) -> Response:
        """Stop hosts: these, or all of a kind. Files are kept; their sites are off the web."""
        return self.submit(request, start=False)


class BuildImage(ApiView):
    @extend_schema(request=ImageBody, responses={202: JobShape})
    def post(self, request: Request) -> Response:
        """Build the image for an instance's next app server, unless it exists."""
        self.require(Right.CONFIGURE)
        pk = self.instance(read(ImageBody, request)["instance"], Right.VIEW).pk
        instance = OpenEdXInstance.objects.select_related("ref_set", "database_server").get(pk=pk)
        return self.accepted(image_builds.request(instance, queue=queue_name(), context=context()))


class TestNotice(ApiView):
    @extend_schema(request=Nothing, responses={200: NoticeShape(many=True)})
    def post(self, request: Request) -> Response:
        """Send a test notice to every address in OCIM_NOTICES, and answer with the results."""
        self.require(Right.CONFIGURE)
        read(Nothing, request)
        results = notices.test(context=context())
        return Response([{"target": target, "error": error} for target, error in results.items()])
