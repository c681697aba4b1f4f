"""Instances off the web: archived, held back from rollouts, in maintenance."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.instances import answer_of
from ocim.api.schema import Nothing
from ocim.api.shapes import InstanceShape, JobShape
from ocim.api.views import NO_CONTENT, ApiView
from ocim.core.access import Right
from ocim.core.jobs import ArchiveJob
from ocim.operations import holds, instances, jobs, maintenance
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name


class Archive(ApiView):
    @extend_schema(request=Nothing, responses={202: JobShape})
    def post(self, request: Request, instance_id: int) -> Response:
        """Take an instance off the web and destroy its app servers; its data is kept."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        read(Nothing, request)
        job = jobs.submit(
            target=instance,
            payload=ArchiveJob(),
            queue=queue_name(),
            creator_id=request.user.pk,
        )
        return self.accepted(job)


class Unarchive(ApiView):
    @extend_schema(request=Nothing, responses={200: InstanceShape})
    def post(self, request: Request, instance_id: int) -> Response:
        """Restore an archived instance; it needs a new app server to serve again."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        read(Nothing, request)
        enqueue(instances.unarchive(instance_id=instance.pk))
        return answer_of(instance.pk)


class HoldBody(Body):
    """A hold: rollouts leave the instance out between two days, in its own time zone."""

    reason = serializers.CharField(max_length=holds.LONGEST)
    since = serializers.DateField(required=False, help_text="First day (default: now).")
    until = serializers.DateField(
        required=False, help_text="Last day (default: until the hold is removed)."
    )


class Hold(ApiView):
    @extend_schema(request=HoldBody, responses={200: InstanceShape})
    def put(self, request: Request, instance_id: int) -> Response:
        """Hold an instance: rollouts leave it out for a time."""
        instance = self.instance(instance_id, Right.OPERATE)
        wanted = read(HoldBody, request)
        holds.hold(
            instance.pk,
            reason=wanted["reason"],
            since=wanted.get("since"),
            until=wanted.get("until"),
            context=context(),
        )
        return answer_of(instance.pk)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, instance_id: int) -> Response:
        """Remove the hold, so that rollouts include the instance again."""
        instance = self.instance(instance_id, Right.OPERATE)
        enqueue(holds.release(instance.pk))
        return Response(status=NO_CONTENT)


class MaintenanceBody(Body):
    """A page that visitors see instead of the site."""

    message = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text=f"Text of the page (default: {maintenance.DEFAULT_MESSAGE})",
    )


class Maintenance(ApiView):
    @extend_schema(request=MaintenanceBody, responses={200: InstanceShape})
    def put(self, request: Request, instance_id: int) -> Response:
        """Show visitors a maintenance page instead of the site."""
        instance = self.instance(instance_id, Right.OPERATE)
        message = read(MaintenanceBody, request).get("message", "")
        enqueue(maintenance.begin(instance.pk, message=message))
        return answer_of(instance.pk)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, instance_id: int) -> Response:
        """End the maintenance: visitors see the site again."""
        instance = self.instance(instance_id, Right.OPERATE)
        enqueue(maintenance.end(instance.pk))
        return Response(status=NO_CONTENT)
