"""Verifications of ecommerce and course discovery: what was found, and whether it cleaned up."""

from django.db import models

from ocim.store.fields import EncryptedJSONField
from ocim.store.models.appserver import OpenEdXAppServer
from ocim.store.models.instance import OpenEdXInstance


class Verification(models.Model):
    """One run. It is written before anything is made, so that the next run knows of leftovers."""

    instance = models.ForeignKey(
        OpenEdXInstance, on_delete=models.CASCADE, related_name="verifications"
    )
    appserver = models.ForeignKey(
        OpenEdXAppServer, null=True, on_delete=models.SET_NULL, related_name="verifications"
    )
    at = models.DateTimeField(help_text="When it began.")
    ended_at = models.DateTimeField(null=True, help_text="Empty: under way, or killed.")
    purchase = models.BooleanField(default=False)
    ok = models.BooleanField(default=False)
    cleaned = models.BooleanField(
        default=False, help_text="Whether all that it made is gone again."
    )
    lines = EncryptedJSONField(default=list)

    class Meta:
        get_latest_by = "id"

    def __str__(self) -> str:
        return f"verification of {self.instance_id} at {self.at:%Y-%m-%d %H:%M}"
