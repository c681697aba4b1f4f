"""Workers: they say that they are alive, and keep the leases of what they work on."""

from datetime import timedelta

from ocim.operations.context import Context
from ocim.store.claims import renew_leases
from ocim.store.models import Worker

FORGOTTEN = timedelta(days=1)


def begin(*, queue: str, threads: int, context: Context) -> None:
    """Enter this worker; forget those that died long ago."""
    now = context.now()
    Worker.objects.filter(seen_at__lt=now - FORGOTTEN).delete()
    Worker.objects.create(
        name=context.worker, queue=queue, threads=threads, started_at=now, seen_at=now
    )


def renew(*, context: Context) -> None:
    """Say that it lives, and that its leases hold."""
    now = context.now()
    Worker.objects.filter(name=context.worker).update(seen_at=now)
    renew_leases(worker=context.worker, now=now, seconds=context.policy.lease)


def end(*, context: Context) -> None:
    """It is gone."""
    Worker.objects.filter(name=context.worker).delete()
