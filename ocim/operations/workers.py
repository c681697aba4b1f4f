"""Workers: their signs of life, and the renewal of their leases."""

from datetime import timedelta

from ocim.operations.context import Context
from ocim.store.claims import renew_leases
from ocim.store.models import Turn, Worker

FORGOTTEN = timedelta(days=1)


def begin(*, queue: str, threads: int, version: str, context: Context) -> None:
    """Register this worker; delete those that died long ago."""
    now = context.now()
    Worker.objects.filter(seen_at__lt=now - FORGOTTEN).delete()
    Worker.objects.create(
        name=context.worker,
        machine=context.machine,
        version=version,
        queue=queue,
        threads=threads,
        started_at=now,
        seen_at=now,
    )


def renew(*, context: Context) -> None:
    """Record that this worker lives, and renew its leases."""
    now = context.now()
    Worker.objects.filter(name=context.worker).update(seen_at=now)
    renew_leases(worker=context.worker, now=now, seconds=context.policy.lease)


def end(*, context: Context) -> None:
    """Remove this worker's record."""
    Worker.objects.filter(name=context.worker).delete()


def takes_turn(task: str, *, every: timedelta, context: Context) -> bool:
    """Return True if a periodic task is due, and nobody else runs it: that is recorded.

    Each worker of a queue calls this once in `every`, so that a task runs once for all of them.
    """
    now = context.now()
    Turn.objects.get_or_create(task=task, defaults={"taken_at": now - every})
    # Two workers do not call it at quite the same time of a minute.
    due = Turn.objects.filter(task=task, taken_at__lt=now - every * 0.75)
    future = Turn.objects.filter(task=task, taken_at__gt=now + every)  # the clock was set back
    return bool((due | future).update(taken_at=now))
