"""Leases: they keep everybody else from working on an instance or shared server meanwhile."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from ocim.core.errors import Conflict
from ocim.operations.context import Context
from ocim.store.claims import claim_lease, release_lease, renew_leases
from ocim.store.models import Lease, Leased

log = logging.getLogger(__name__)

NO_DATABASE = (OperationalError, InterfaceError)
"""The errors of a database that cannot be reached or written to."""


@contextmanager
def held(lease_id: int, *, context: Context) -> Iterator[Lease | None]:
    """Hold a lease in a worker, which renews all of its leases; see `workers.renew`.

    Yield None if another holds it.
    """
    lease = claim_lease(
        lease_id, worker=context.worker, now=context.now(), seconds=context.policy.lease
    )
    try:
        yield lease
    finally:
        if lease:
            _release(lease, context)


@contextmanager
def held_outside_worker(target: Leased, *, show: str, context: Context) -> Iterator[Lease]:
    """Hold the target's lease in a command or a page, and renew it until the end of the block.

    Raise Conflict if another holds it; the remedy names `show`, the command that shows its job.
    """
    with held(target.lease_id, context=context) as lease:
        if lease is None:
            raise Conflict(
                f"{target} is busy with another job.",
                remedy=f"`{show}` shows it. Try again later.",
            )
        ended = threading.Event()
        keeper = threading.Thread(target=_renew_until, args=[ended, context], daemon=True)
        keeper.start()
        try:
            yield lease
        finally:
            ended.set()
            keeper.join()


def _renew_until(ended: threading.Event, context: Context) -> None:
    seconds = context.policy.lease
    while not ended.wait(seconds / 3):
        try:
            close_old_connections()
            renew_leases(worker=context.worker, now=context.now(), seconds=seconds)
        except NO_DATABASE:
            log.exception("Could not renew a lease; the next attempt is in %g s", seconds / 3)
    connection.close()


def _release(lease: Lease, context: Context) -> None:
    """Release the lease; without a database, as soon as there is one.

    Until then this thread can do nothing else, and its worker would renew the lease for ever.
    """
    while True:
        try:
            release_lease(lease)
        except NO_DATABASE:
            close_old_connections()
            context.pause(1)
        else:
            return
