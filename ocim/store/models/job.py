"""Jobs: work that somebody requested. Jobs survive the death of workers and queues."""

from django.conf import settings
from django.db import models

from ocim.core.job_kinds import WORDS
from ocim.core.states import JobState
from ocim.store.fields import EncryptedJSONField, EncryptedTextField
from ocim.store.models.constraints import choices, only
from ocim.store.models.instance import OpenEdXInstance
from ocim.store.models.lease import Lease


class Job(models.Model):
    """Work under a lease. Messages in the queue only wake up workers, who read it here."""

    lease = models.ForeignKey(Lease, on_delete=models.CASCADE)
    instance = models.ForeignKey(
        OpenEdXInstance,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        help_text="Instance that it works on; empty: it works on a shared server.",
    )
    kind = models.CharField(max_length=30)
    arguments = EncryptedJSONField(default=dict)
    memory = EncryptedJSONField(
        default=dict, help_text="Progress of an interrupted attempt, for the next one."
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
    step = models.CharField(max_length=40, blank=True, help_text="Current step.")
    step_at = models.DateTimeField(null=True, help_text="Start of the current step.")
    seen_at = models.DateTimeField(
        null=True, help_text="Last time when its thread checked for a request to stop."
    )
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    requested_by = models.CharField(
        max_length=250, blank=True, help_text="Name of who requested it; empty: Ocim itself."
    )
    created = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (only(JobState, name="known_job_state"),)
        indexes = (models.Index(fields=["state", "lease"], name="job_state"),)

    def __str__(self) -> str:
        return f"job {self.pk} ({WORDS.get(self.kind, self.kind).lower()})"
