"""Workers: their signs of life, and the renewal of their leases."""

from datetime import timedelta

from ocim.operations.context import Context
from ocim.store.claims import renew_leases
from ocim.store.models import Worker

FORGOTTEN = timedelta(days=1)


def begin(*, queue: str, threads: int, context: Context) -> None:
    """Register this worker; delete those that died long ago."""
    now = context.now()
    Worker.objects.filter(seen_at__lt=now - FORGOTTEN).delete()
    Worker.objects.create(
        name=context.worker, queue=queue, threads=threads, started_at=now, seen_at=now
    )


def renew(*, context: Context) -> None:
    """Record that this worker lives, and renew its leases."""
    now = context.now()
    Worker.objects.filter(name=context.worker).update(seen_at=now)
    renew_leases(worker=context.worker, now=now, seconds=context.policy.lease)


def end(*, context: Context) -> None:
    """Remove this worker's record."""
    Worker.objects.filter(name=context.worker).delete()
