"""Leases: locks by which only one worker at a time works on an instance or a shared server."""

from typing import Any

from django.db import models, transaction


class Lease(models.Model):
    """A lock. Every claim of it raises `fence`.

    Writes name the fence of their claim. A worker that lost its lease names an old fence, so that
    its writes change no row.
    """

    fence = models.PositiveBigIntegerField(default=0)
    holder = models.CharField(max_length=100, blank=True)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"lease {self.pk} of {self.target or 'nothing'}"

    @property
    def target(self) -> models.Model | None:
        """Row that the lease protects. None: it was deleted. A query for each kind of row."""
        kinds = [
            relation.related_model for relation in self._meta.related_objects if relation.one_to_one
        ]
        rows = (kind._default_manager.filter(lease=self).first() for kind in kinds)
        return next((row for row in rows if row), None)


class Leased(models.Model):
    """A row on which one worker at a time may work. Its lease is created with it."""

    lease = models.OneToOneField(Lease, on_delete=models.PROTECT, editable=False)

    class Meta:
        abstract = True

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Create the lease of a new row, then save the row."""
        if self._state.adding and not self.lease_id:
            self.lease = Lease.objects.create()
        super().save(*args, **kwargs)
