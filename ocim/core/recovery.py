"""Decisions about restarts of active app servers that do not answer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from ocim.core.health import ProbeResult, verdict

HOUR = timedelta(hours=1)
PAUSES = (timedelta(), timedelta(minutes=5), timedelta(minutes=15))
"""Pauses before the restarts within an hour; their number is the maximum of restarts."""
PATIENCE = timedelta(minutes=2)
"""Time for an app server that is slow or answers wrongly to recover without a restart."""
NO_UPSTREAM, LATE_UPSTREAM = 502, 504
"""HTTP statuses of nginx for a service that does not run, and for one that does not answer."""


class Condition(StrEnum):
    """Observed condition of an active app server."""

    WELL = "well"
    DEAD = "dead"
    """The host is down or refuses connections: a restart is due at once."""
    SILENT = "silent"
    """Answers are late or not those of its services: a restart is due if that lasts."""
    UNWELL = "unwell"
    """The services run, and report a fault themselves, for instance of a database."""


def condition(results: Sequence[ProbeResult], *, host_is_up: bool) -> Condition:
    """Return the worst condition among those of the services of an app server."""
    conditions = {_condition(result) for result in results}
    if not host_is_up:
        conditions.add(Condition.DEAD)
    for worst in (Condition.DEAD, Condition.SILENT, Condition.UNWELL):
        if worst in conditions:
            return worst
    return Condition.WELL


def _condition(result: ProbeResult) -> Condition:
    if verdict([result]).healthy:
        return Condition.WELL
    if result.status is None:
        return Condition.SILENT if result.timed_out else Condition.DEAD
    if result.status == NO_UPSTREAM:
        return Condition.DEAD
    silent = (LATE_UPSTREAM, result.probe.expect_status)
    return Condition.SILENT if result.status in silent else Condition.UNWELL


def needs_restart(condition: Condition, unhealthy_since: datetime, now: datetime) -> bool:
    """Return True if a restart is due in this condition, unhealthy since that moment."""
    lasts = now - unhealthy_since >= PATIENCE
    return condition is Condition.DEAD or (condition is Condition.SILENT and lasts)


def next_restart(before: Sequence[datetime], now: datetime) -> datetime:
    """Return the earliest moment of the next restart, after those `before`, oldest first."""
    recent = [restart for restart in before if now - restart < HOUR]
    if not recent:
        return now
    if has_enough(before, now):
        return recent[-len(PAUSES)] + HOUR
    return recent[-1] + PAUSES[len(recent)]


def has_enough(before: Sequence[datetime], now: datetime) -> bool:
    """Return True if the restarts within the last hour have reached their maximum."""
    return sum(now - restart < HOUR for restart in before) >= len(PAUSES)
