"""Conditions for the start of a worker, and of the pages."""

from django.conf import settings

from ocim.core.errors import Conflict
from ocim.core.texts import listed
from ocim.operations import machines
from ocim.operations.context import Context
from ocim.store.schema import clock_skew, schema_fault


def require_schema() -> None:
    """Raise Conflict if the database's schema is another version's."""
    if fault := schema_fault():
        raise Conflict(
            fault, remedy="Run `ocim migrate`, or install the version that migrated it last."
        )


def require_ready(context: Context) -> None:
    """Raise Conflict if a worker cannot work with the database, the clock, or other machines."""
    require_schema()
    skew = abs(clock_skew().total_seconds())
    if skew > context.policy.lease / 3:
        raise Conflict(
            f"This machine's clock differs by {skew:.0f} s from the database's; leases need one"
            " time.",
            remedy="Let NTP set the clocks of all machines.",
        )
    several = machines.names(context)
    if len(several) > 1 and not settings.OCIM.queue_url:
        raise Conflict(
            f"Workers on {listed(several)} cannot share a queue in a file.",
            remedy="Set OCIM_QUEUE_URL to a Redis that all of them reach.",
        )
