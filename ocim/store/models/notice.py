"""Events that people are sent notices of."""

from django.db import models


class NoticedEvent(models.Model):
    """How far its notices have come."""

    told = models.JSONField(default=list, help_text="Addresses that have been sent a notice.")
    notified_at = models.DateTimeField(
        null=True, help_text="When all of them were, or were given up."
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="To send notices.")
    not_before = models.DateTimeField(null=True, help_text="When the next one may be made.")

    class Meta:
        abstract = True
