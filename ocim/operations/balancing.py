"""The balancer follows the database: changes are counted, coalesced and applied one at a time."""

from datetime import timedelta
from uuid import uuid4

from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from ocim.core import stopping
from ocim.core.actions import Action, SyncBalancer
from ocim.core.errors import LostClaim, OcimError, TransientError
from ocim.operations.context import Context
from ocim.store.models import LoadBalancingServer
from ocim.store.routing import routing_of

APPLYING = timedelta(seconds=15)
"""Longer than an application takes, without the drain."""
PATIENCE = 30.0
"""Seconds that a caller waits beyond that."""


def note_change(balancer_id: int) -> list[Action]:
    """Record, in the transaction that changes the routing, that the balancer has to follow.

    Return the action that applies it.
    """
    LoadBalancingServer.objects.filter(pk=balancer_id).update(wanted=F("wanted") + 1)
    return [SyncBalancer(balancer_id)]


def sync(*, balancer_id: int, context: Context) -> bool:
    """Apply the routing of the database to the balancer, until no change is left.

    Return False if another worker does so, or took over when this one was too slow: that one sees
    later changes too. An error is stored on the row and raised; the next sync tries again.
    """
    while True:
        row = _claim(balancer_id, context)
        if row is None:
            return False
        try:
            routing = routing_of(row, context.policy)
            context.adapters.balancer.apply(routing)
        except LostClaim as error:
            _release(row, error=str(error))
            return False
        except Exception as error:
            foreseen = isinstance(error, OcimError)
            _release(row, error=str(error) if foreseen else "The worker's log says what failed.")
            raise
        _release(row, error="", applied=row.wanted, digest=routing.digest)
        if not _behind(balancer_id):
            return True


def sync_and_wait(*, balancer_id: int, context: Context) -> None:
    """Wait until every change from before this call is applied, by this or another worker.

    Raise TransientError if that takes too long.
    """
    wanted = LoadBalancingServer.objects.values_list("wanted", flat=True).get(pk=balancer_id)
    longest = claim_lasts(context).total_seconds() + PATIENCE
    waited = 0.0
    while not sync(balancer_id=balancer_id, context=context):
        applied = LoadBalancingServer.objects.values_list("applied", flat=True).get(pk=balancer_id)
        if applied >= wanted:
            return
        if waited > longest:
            raise TransientError(f"The balancer did not apply the changes within {longest:.0f} s.")
        stopping.check()
        context.pause(0.1)
        waited += 0.1


def gaps(*, context: Context) -> list[SyncBalancer]:
    """Return the syncs of balancers that lag behind, or have restarted with no routing."""
    return [
        SyncBalancer(row.pk)
        for row in LoadBalancingServer.objects.all()
        if row.applied < row.wanted or not context.adapters.balancer.is_applied(row.digest)
    ]


def claim_lasts(context: Context) -> timedelta:
    """Return how long a worker may hold a balancer; after this, another one takes over."""
    return APPLYING + timedelta(seconds=context.policy.drain)


def _claim(balancer_id: int, context: Context) -> LoadBalancingServer | None:
    """Claim the balancer with a version that is newer than all before; None if it is claimed.

    The version is no less than the milliseconds since 1970, so that a balancer accepts the routes
    of a database that was restored from a backup.
    """
    now = context.now()
    milliseconds = Value(int(now.timestamp() * 1000))
    free = Q(claimed_by="") | Q(claimed_until__lt=now)
    claimed = LoadBalancingServer.objects.filter(free, pk=balancer_id).update(
        claimed_by=f"{context.worker}/{uuid4().hex[:8]}",
        claimed_until=now + claim_lasts(context),
        version=Greatest(F("version") + 1, milliseconds),
    )
    return LoadBalancingServer.objects.get(pk=balancer_id) if claimed else None


def _release(row: LoadBalancingServer, **fields: object) -> None:
    LoadBalancingServer.objects.filter(pk=row.pk, claimed_by=row.claimed_by).update(
        claimed_by="", claimed_until=None, **fields
    )


def _behind(balancer_id: int) -> bool:
    return LoadBalancingServer.objects.filter(pk=balancer_id, applied__lt=F("wanted")).exists()
