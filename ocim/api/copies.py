"""Copies of instances and of their data: clones, and backups that are restored."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ocim.api.bodies import Body, read
from ocim.api.paging import page
from ocim.api.schema import page_of
from ocim.api.shapes import JobShape, Number, Text, Texts, Time
from ocim.api.views import CREATED, ApiView
from ocim.core.access import Right
from ocim.core.names import contact_address
from ocim.operations import clones
from ocim.operations.rollouts import backup
from ocim.store.models import Backup, OpenEdXInstance
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name


class CloneBody(Body):
    """A new instance with the settings of another one."""

    internal_lms_domain = Text(help_text="Host name of the clone's LMS.")
    name = Text(required=False, help_text="Name of the clone (default: its domain).")
    email = Text(
        required=False, help_text="Sender address of the clone's mail (default: contact@DOMAIN)."
    )
    with_data = serializers.BooleanField(
        required=False, help_text="Copy the databases, too (default: settings only)."
    )


class CloneShape(serializers.Serializer[Any]):
    """A clone."""

    instance = Number(help_text="Id of the clone.")
    job = Number(
        allow_null=True, help_text="Id of the job that copies the databases; null: none are copied."
    )
    warnings = Texts(help_text="What the two instances share, and should not.")


class BackupShape(serializers.Serializer[Any]):
    """A dump of a database, made before an upgrade changed anything."""

    id = Number()
    rollout = Number(help_text="Id of the rollout that made it.")
    purpose = Text(help_text="Service whose database it is.")
    name = Text(help_text="Name of the database.")
    path = Text()
    machine = Text(help_text="Machine that has the file.")
    size = Number(help_text="Size in bytes.")
    seconds = serializers.FloatField(help_text="Duration of the dump.")
    created = Time()


class RestoreBody(Body):
    """The backup to restore."""

    rollout = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=10**18 - 1,
        help_text="Id of the rollout that made the backup (default: the newest that did).",
    )


class Clones(ApiView):
    @extend_schema(request=CloneBody, responses={201: CloneShape})
    def post(self, request: Request, instance_id: int) -> Response:
        """Create an instance with the settings of this one, and with its data if that is wanted.

        It takes secrets over, and needs the right to see them.
        """
        source = self.instance(instance_id, Right.CONFIGURE)
        self.require(Right.SEE_SECRETS, source.ref_set.organization)
        wanted = read(CloneBody, request)
        domain = wanted["internal_lms_domain"]
        source = OpenEdXInstance.objects.select_related("ref_set", "database_server").get(
            pk=source.pk
        )
        clone, job, actions = clones.request(
            source=source,
            domain=domain,
            name=wanted.get("name", domain),
            email=wanted.get("email", contact_address(domain)),
            with_data=wanted.get("with_data", False),
            queue=queue_name(),
            context=context(),
            creator_id=request.user.pk,
        )
        enqueue(actions)
        answer = {
            "instance": clone.pk,
            "job": job.pk if job else None,
            "warnings": clones.warnings(clone, source, context()),
        }
        headers = {"Location": reverse("api:instance", args=[clone.pk])}
        return Response(answer, CREATED, headers=headers)


class Backups(ApiView):
    @extend_schema(responses={200: page_of(BackupShape)})
    def get(self, request: Request, instance_id: int) -> Response:
        """List backups of an instance's databases, newest first."""
        instance = self.instance(instance_id, Right.VIEW)
        rows = Backup.objects.filter(upgrade__instance=instance).select_related("upgrade")
        return page(rows, request, _backup)


class Restore(ApiView):
    @extend_schema(request=RestoreBody, responses={202: JobShape})
    def post(self, request: Request, instance_id: int) -> Response:
        """Restore an instance's databases from a backup; all that was written since is lost."""
        instance = self.instance(instance_id, Right.CONFIGURE)
        rollout = read(RestoreBody, request).get("rollout")
        return self.accepted(backup.request(instance, rollout_id=rollout, queue=queue_name()))


def _backup(row: Backup) -> dict[str, Any]:
    return {
        "id": row.pk,
        "rollout": row.upgrade.rollout_id,
        "purpose": row.purpose,
        "name": row.name,
        "path": row.path,
        "machine": row.machine,
        "size": row.size,
        "seconds": row.seconds,
        "created": row.created_at,
    }
