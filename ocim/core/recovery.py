"""When an active app server that does not answer is restarted, and how often."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from ocim.core.health import ProbeResult, verdict

HOUR = timedelta(hours=1)
PAUSES = (timedelta(), timedelta(minutes=5), timedelta(minutes=15))
"""Between one restart and the next within an hour; as many restarts as there are pauses."""
PATIENCE = timedelta(minutes=2)
"""How long one that is slow, or speaks nonsense, is left to come to itself."""
NO_UPSTREAM, LATE_UPSTREAM = 502, 504
"""What a host's nginx answers where the service behind it does not run, or not answer."""


class Condition(StrEnum):
    """How an active app server was found."""

    WELL = "well"
    DEAD = "dead"
    """Its host is down, or nothing takes connections there: a restart is due at once."""
    SILENT = "silent"
    """It answers too late, or not as its services do: a restart is due when that lasts."""
    UNWELL = "unwell"
    """Its services run and say themselves that something is wrong, with a database for instance."""


def condition(results: Sequence[ProbeResult], *, host_is_up: bool) -> Condition:
    """Judge an app server by what its services answered; the worst of them decides."""
    found = {_condition(result) for result in results}
    if not host_is_up:
        found.add(Condition.DEAD)
    for worst in (Condition.DEAD, Condition.SILENT, Condition.UNWELL):
        if worst in found:
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


def needs_restart(found: Condition, unhealthy_since: datetime, now: datetime) -> bool:
    """Return whether a restart is due for what was found so since then."""
    lasts = now - unhealthy_since >= PATIENCE
    return found is Condition.DEAD or (found is Condition.SILENT and lasts)


def next_restart(before: Sequence[datetime], now: datetime) -> datetime:
    """Return when the next restart may be, after those `before`, oldest first."""
    recent = [one for one in before if now - one < HOUR]
    if not recent:
        return now
    if has_enough(before, now):
        return recent[-len(PAUSES)] + HOUR
    return recent[-1] + PAUSES[len(recent)]


def has_enough(before: Sequence[datetime], now: datetime) -> bool:
    """Return whether it was restarted as often as an hour allows."""
    return sum(now - one < HOUR for one in before) >= len(PAUSES)
