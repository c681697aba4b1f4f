"""The check that the balancer serves the routes of the database."""

from collections.abc import Iterator
from functools import partial

from ocim.core.actions import Action
from ocim.operations.balancing import sync
from ocim.operations.context import Context
from ocim.operations.findings import Finding
from ocim.store.models import LoadBalancingServer


def check_routes(context: Context) -> Iterator[Finding]:
    """Yield the balancers that do not serve the routes of the database."""
    rows = list(LoadBalancingServer.objects.order_by("id"))
    if not rows:
        yield Finding("error", "No balancer is registered.", "Run `ocim setup`.")
    for row in rows:
        applied = context.adapters.balancer.is_applied(row.digest)
        if row.error:
            what = f"It rejects the routes of the database: {row.error}"
        elif row.applied < row.wanted or not applied:
            what = "Its routes differ from the database's."
        else:
            continue
        yield Finding(
            "error", what, "Run `ocim balancer sync`.", row.name, partial(_sync, row.pk, context)
        )


def _sync(balancer_id: int, context: Context) -> list[Action]:
    sync(balancer_id=balancer_id, context=context)
    return []
