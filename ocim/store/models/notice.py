"""Events of which people get notices."""

from django.db import models


class NoticedEvent(models.Model):
    """Record of which notices of an event are sent, and when to try the others again."""

    notified = models.JSONField(default=list, help_text="Addresses that got their notice.")
    notified_at = models.DateTimeField(
        null=True, help_text="Time when the last notice was sent, or given up."
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Number of attempts to send the notices."
    )
    not_before = models.DateTimeField(null=True, help_text="Earliest time of the next attempt.")

    class Meta:
        abstract = True
