"""The ledger of one-time steps: what was done for ecommerce and discovery, when and where."""

from django.db import models

from ocim.store.fields import EncryptedJSONField, EncryptedTextField
from ocim.store.models.appserver import OpenEdXAppServer
from ocim.store.models.instance import OpenEdXInstance


class ServiceStep(models.Model):
    """One run of a step that did something, or failed."""

    instance = models.ForeignKey(OpenEdXInstance, on_delete=models.CASCADE, related_name="step_set")
    appserver = models.ForeignKey(OpenEdXAppServer, null=True, on_delete=models.SET_NULL)
    step = models.CharField(max_length=30)
    at = models.DateTimeField()
    failure = EncryptedTextField(blank=True, help_text="Empty where it was done.")
    applied = EncryptedJSONField(
        null=True, help_text="What its fields were set to, secrets as marks; none where it failed."
    )

    class Meta:
        indexes = (models.Index(fields=["instance", "step", "-id"], name="last_run_of_a_step"),)

    def __str__(self) -> str:
        return f"{self.step} of {self.instance_id}"
