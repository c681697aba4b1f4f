"""The audit log: who changed what, from where."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from ocim.core.actors import ActorKind
from ocim.store.fields import EncryptedJSONField
from ocim.store.models.append_only import AppendOnly, Refused
from ocim.store.models.constraints import choices, only


class AuditEntry(AppendOnly):
    """A change. It names its objects by text and id, and so outlives them."""

    time = models.DateTimeField(default=timezone.now)
    actor_kind = models.CharField(max_length=10, choices=choices(ActorKind))
    actor_name = models.CharField(max_length=250, blank=True)
    actor_address = models.CharField(max_length=250, blank=True)
    # A deletion of the account must not change entries, so the database does not follow it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        db_constraint=False,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
    )
    action = models.CharField(max_length=50)
    target_kind = models.CharField(max_length=30)
    target_id = models.CharField(max_length=100, blank=True)
    target_name = models.CharField(max_length=500)
    instance_id = models.BigIntegerField(null=True, help_text="Instance that the target is of.")
    organization = models.CharField(
        max_length=200, blank=True, help_text="Organization of the instance at that time."
    )
    before = EncryptedJSONField(default=dict, help_text="Old values of what changed, masked.")
    after = EncryptedJSONField(default=dict, help_text="New values of what changed, masked.")

    class Meta:
        constraints = (
            only(ActorKind, field="actor_kind", name="known_actor_kind"),
            Refused(event="UPDATE", name="audit_entries_stay_as_they_are"),
            Refused(event="DELETE", name="audit_entries_stay"),
        )
        indexes = (
            models.Index(fields=["time", "id"], name="audit_by_time"),
            models.Index(fields=["actor_name", "time", "id"], name="audit_by_actor"),
            models.Index(fields=["action", "time", "id"], name="audit_by_action"),
            models.Index(fields=["target_kind", "target_id", "time", "id"], name="audit_by_target"),
            models.Index(fields=["instance_id", "time", "id"], name="audit_by_instance"),
            models.Index(fields=["organization", "time", "id"], name="audit_by_organization"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.target_name}"
