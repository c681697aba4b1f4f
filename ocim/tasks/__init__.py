"""Queue: sends actions as messages to workers. Only this package imports Huey."""

from collections.abc import Iterable
from functools import partial

from django.db import transaction

from ocim.core.actions import Action

PERIODIC = "opencraft_periodic"
"""The queue of the process that does what takes a second: it looks after the balancer, and after
what was lost or is due."""


def enqueue(actions: Iterable[Action]) -> None:
    """Enqueue the actions for workers once the transaction, if there is one, is committed.

    Raise TransientError if the queue takes no messages; what was written down is not lost by it.
    """
    for action in actions:
        transaction.on_commit(partial(_put, action))


def _put(action: Action) -> None:
    from ocim.tasks.queues import put

    put(action)
