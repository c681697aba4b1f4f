"""The check that the balancer serves the routes of the database, and obeys managers only."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from ocim.core.actions import Action
from ocim.operations.balancing import sync
from ocim.operations.context import Context
from ocim.operations.findings import Finding
from ocim.store.models import LoadBalancingServer

SOON = timedelta(days=30)
"""Time before the end of a certificate in which there is a warning."""


def check_routes(context: Context) -> Iterator[Finding]:
    """Yield balancers that do not serve the database's routes, and what is wrong on the way."""
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
    yield from _access(context)


def _access(context: Context) -> Iterator[Finding]:
    """Yield certificates that soon expire, and a balancer that obeys clients without one."""
    access = context.adapters.balancer.access()
    if access.admits_strangers:
        yield Finding(
            "error",
            "It takes routes from clients without a certificate.",
            "Something else than `ocim balancer run control` answers there: find out what.",
            access.address,
        )
    for name, expires in access.expiries:
        if expires - context.now() < SOON:
            yield Finding(
                "warning",
                f"{name[:1].upper()}{name[1:]} expires at {expires:%Y-%m-%d %H:%M} UTC.",
                "Replace it; on the balancer's machine, restart `ocim balancer run control` then.",
                access.address,
            )


def _sync(balancer_id: int, context: Context) -> list[Action]:
    sync(balancer_id=balancer_id, context=context)
    return []
