"""Jobs: what was asked for and is not forgotten, whatever dies."""

from django.conf import settings
from django.db import models

from ocim.core.states import JobState
from ocim.store.fields import EncryptedJSONField, EncryptedTextField
from ocim.store.models.constraints import choices, only
from ocim.store.models.instance import OpenEdXInstance


class Job(models.Model):
    """Work on one instance. The queue carries only a nudge; this row is the work."""

    instance = models.ForeignKey(OpenEdXInstance, on_delete=models.CASCADE)
    kind = models.CharField(max_length=30)
    arguments = EncryptedJSONField(default=dict)
    memory = EncryptedJSONField(
        default=dict, help_text="What a second attempt must know of an interrupted first."
    )
    state = models.CharField(
        max_length=10,
        choices=choices(JobState),
        default=JobState.WAITING.value,
    )
    queue = models.CharField(max_length=60)
    not_before = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = EncryptedTextField(blank=True)
    step = models.CharField(max_length=40, blank=True, help_text="What it is at.")
    step_at = models.DateTimeField(null=True, help_text="When that was begun.")
    seen_at = models.DateTimeField(
        null=True, help_text="When its thread last asked whether it shall end."
    )
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    created = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (only(JobState, name="known_job_state"),)
        indexes = (models.Index(fields=["state", "instance"], name="job_state"),)

    def __str__(self) -> str:
        return f"job {self.pk}: {self.kind}"
