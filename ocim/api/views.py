"""The base of the API's views: who may do what, idempotency keys, and answers with jobs."""

import hashlib
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ocim.api.authentication import access_of_request
from ocim.api.problems import TYPE
from ocim.core.access import FLEET, Access, Right
from ocim.core.errors import ValidationError
from ocim.operations import idempotency
from ocim.operations.access import organizations_of
from ocim.operations.jobs import wake_up
from ocim.presentation.jobs import facts as job_facts
from ocim.store import selectors
from ocim.store.models import Job, KeptAnswer, OpenEdXAppServer, OpenEdXInstance, Rollout
from ocim.tasks import enqueue
from ocim.wiring import context

KEPT_HEADERS = ("Location", "ETag")
BAD = 400
"""The least status of problems."""
FAILED = 500
"""The least status of answers that are not kept: trying again may help."""
CREATED, ACCEPTED, NO_CONTENT = 201, 202, 204


class Replay(APIException):
    """Repetition of a request that was carried out: its answer is kept."""

    def __init__(self, kept: KeptAnswer) -> None:
        super().__init__()
        self.kept = kept


class ApiView(APIView):
    """A view of the API; every method of it begins with a question of rights."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]  # noqa: RUF012
    kept: KeptAnswer | None = None
    """Place for the answer to a request with an idempotency key."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check who asks; raise Replay if the request was carried out already."""
        super().initial(request, *args, **kwargs)
        self.access: Access = access_of_request(request)
        key = request.headers.get(idempotency.WHAT)
        if request.method != "POST" or key is None:
            return
        told = (request.get_full_path(), request.content_type, request.body.decode("latin-1"))
        kept = idempotency.begin(
            user_id=int(request.user.pk or 0),
            key=key,
            request_hash=hashlib.sha256(repr(told).encode()).hexdigest(),
            now=context().now(),
        )
        if kept.status:
            raise Replay(kept)
        self.kept = kept

    def handle_exception(self, exc: Exception) -> Response:
        """Return the answer for an error, or the kept answer for a repetition."""
        if isinstance(exc, Replay):
            kept = exc.kept
            headers = {**kept.headers, "Idempotency-Replayed": "true"}
            kind = TYPE if (kept.status or 0) >= BAD else None
            return Response(kept.content["data"], kept.status, headers=headers, content_type=kind)
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep the answer of a request with an idempotency key."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.kept and response.status_code >= FAILED:
            idempotency.forget(self.kept)
        elif self.kept:
            idempotency.finish(
                self.kept,
                status=response.status_code,
                headers={name: response[name] for name in KEPT_HEADERS if name in response},
                content={"data": response.data},
            )
        return response

    def require(self, right: Right, organization: str = FLEET) -> None:
        """Raise PermissionDenied unless the right is allowed (FLEET: for the whole fleet)."""
        if not self.access.may(right, organization):
            whose = f"the organization {organization!r}" if organization else "the whole fleet"
            raise PermissionDenied(f"Your account lacks the right to {right} for {whose}.")

    def require_somewhere(self, right: Right) -> None:
        """Raise PermissionDenied unless the right is allowed for some instances."""
        organizations = self.access.organizations(right)
        if organizations is not None and not organizations:
            raise PermissionDenied(f"Your account lacks the right to {right}.")

    def instance(self, instance_id: int, right: Right) -> OpenEdXInstance:
        """Return an instance with its counts.

        Raise Http404 if there is none that may be viewed, PermissionDenied if the right is not
        allowed.
        """
        rows = selectors.visible(selectors.instances(archived=True), self.access)
        instance = rows.filter(pk=instance_id).first()
        if instance is None:
            raise Http404(f"No instance {instance_id}.")
        self.require(right, instance.ref_set.organization)
        return instance

    def appserver(self, appserver_id: int, right: Right) -> OpenEdXAppServer:
        """Return an app server without its variables. Raise as `instance` does."""
        rows = selectors.visible(selectors.appservers(), self.access, to_instance="instance__")
        appserver = rows.filter(pk=appserver_id).first()
        if appserver is None:
            raise Http404(f"No app server {appserver_id}.")
        self.require(right, appserver.instance.ref_set.organization)
        return appserver

    def rollout(self, rollout_id: int, right: Right) -> Rollout:
        """Return a rollout; the right is needed for every instance in it. Raise as `instance`."""
        rows = selectors.visible_rollouts(Rollout.objects.all(), self.access)
        rollout = rows.filter(pk=rollout_id).first()
        if rollout is None:
            raise Http404(f"No rollout {rollout_id}.")
        if right is not Right.VIEW:
            for organization in organizations_of(rollout):
                self.require(right, organization)
        return rollout

    def wants_secrets(self, request: Request, organization: str = FLEET) -> bool:
        """Return True if `?secrets=true` asks for secrets.

        Raise PermissionDenied if they may not be seen.
        """
        if not flag(request, "secrets"):
            return False
        self.require(Right.SEE_SECRETS, organization)
        return True

    def accepted(self, job: Job) -> Response:
        """Wake up a worker, and answer that the job is on its way, with the place to look."""
        enqueue([wake_up(job)])
        headers = {"Location": reverse("api:job", args=[job.pk])}
        return Response(job_facts(job), ACCEPTED, headers=headers)


def flag(request: Request, name: str) -> bool:
    """Return the value of a parameter that is `true` or `false` (the default).

    Raise ValidationError for another value.
    """
    text = request.query_params.get(name, "false")
    if text not in ("true", "false"):
        raise ValidationError([f"{name}: {text!r} must be true or false."])
    return text == "true"
