"""Leases: locks by which only one worker at a time works on an instance."""

from django.db import models

from ocim.store.models.instance import OpenEdXInstance


class Lease(models.Model):
    """The lock of an instance. Every claim of it raises `fence`.

    Writes name the fence of their claim. A worker that lost its lease names an old fence, so that
    its writes change no row.
    """

    instance = models.OneToOneField(
        OpenEdXInstance, on_delete=models.CASCADE, primary_key=True, related_name="lease"
    )
    fence = models.PositiveBigIntegerField(default=0)
    holder = models.CharField(max_length=100, blank=True)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"lease {self.fence} on {self.instance_id}: {self.holder or 'free'}"
