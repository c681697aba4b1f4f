"""Verifications of ecommerce and course discovery, with their results."""

from django.db import models

from ocim.store.fields import EncryptedJSONField
from ocim.store.models.appserver import OpenEdXAppServer
from ocim.store.models.instance import OpenEdXInstance


class Verification(models.Model):
    """A run of the verification. Its row is written first: the next run removes its leftovers."""

    instance = models.ForeignKey(
        OpenEdXInstance, on_delete=models.CASCADE, related_name="verifications"
    )
    appserver = models.ForeignKey(
        OpenEdXAppServer, null=True, on_delete=models.SET_NULL, related_name="verifications"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="Empty: it is running, or was killed.")
    purchase = models.BooleanField(default=False)
    ok = models.BooleanField(default=False)
    cleaned = models.BooleanField(
        default=False, help_text="True if it removed all that it had created."
    )
    lines = EncryptedJSONField(default=list)

    class Meta:
        get_latest_by = "id"

    def __str__(self) -> str:
        return f"verification of {self.instance_id} at {self.started_at:%Y-%m-%d %H:%M}"
