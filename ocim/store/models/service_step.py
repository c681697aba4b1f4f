"""Ledger of the set-up steps of ecommerce and course discovery."""

from django.db import models

from ocim.store.fields import EncryptedJSONField, EncryptedTextField
from ocim.store.models.appserver import OpenEdXAppServer
from ocim.store.models.instance import OpenEdXInstance


class ServiceStep(models.Model):
    """A run of a set-up step that changed something, or failed."""

    instance = models.ForeignKey(OpenEdXInstance, on_delete=models.CASCADE, related_name="step_set")
    appserver = models.ForeignKey(OpenEdXAppServer, null=True, on_delete=models.SET_NULL)
    step = models.CharField(max_length=30)
    created_at = models.DateTimeField()
    failure = EncryptedTextField(
        blank=True, help_text="Reason of the failure; empty: the step is done."
    )
    applied = EncryptedJSONField(
        null=True, help_text="Values that it set, with marks for secrets; null: it failed."
    )

    class Meta:
        indexes = (models.Index(fields=["instance", "step", "-id"], name="last_run_of_a_step"),)

    def __str__(self) -> str:
        return f"{self.step} of {self.instance_id}"
