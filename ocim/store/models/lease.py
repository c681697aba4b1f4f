"""One worker at a time for an instance."""

from django.db import models

from ocim.store.models.instance import OpenEdXInstance


class Lease(models.Model):
    """Who works on an instance. `fence` grows with every claim.

    A write that names an older fence finds no row: a worker that lost its lease can do no harm.
    """

    instance = models.OneToOneField(
        OpenEdXInstance, on_delete=models.CASCADE, primary_key=True, related_name="lease"
    )
    fence = models.PositiveBigIntegerField(default=0)
    holder = models.CharField(max_length=100, blank=True)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"lease {self.fence} on {self.instance_id}: {self.holder or 'free'}"
