"""Which app servers of an instance are no longer worth their host."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ocim.core.policy import Retention
from ocim.core.states import AppServerState


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the decision needs to know of an app server that still has its host."""

    id: int
    state: AppServerState
    is_active: bool
    active_since: datetime | None = None
    deactivated_at: datetime | None = None
    failed_at: datetime | None = None


def expendable(
    appservers: Sequence[Candidate], now: datetime, retention: Retention
) -> frozenset[int]:
    """The ids of those to terminate.

    Kept are: the active ones; the one that was active last, for some days, as a fallback; the
    newest one that was never active, if it is newer than what was, as a release candidate; failed
    ones for some days; and whatever is still being made.
    """
    running = [one for one in appservers if one.state == AppServerState.RUNNING]
    spent = {one.id for one in running if not one.is_active}
    retired = [one for one in running if one.deactivated_at and not one.is_active]
    if retired:
        fallback = max(retired, key=lambda one: one.deactivated_at or now)
        if _within(fallback.deactivated_at, retention.fallback_days, now):
            spent.discard(fallback.id)
    newest = max(running, key=lambda one: one.id, default=None)
    if newest and newest.active_since is None:
        spent.discard(newest.id)
    failed = {
        one.id
        for one in appservers
        if one.state == AppServerState.FAILED
        and not _within(one.failed_at, retention.failed_days, now)
    }
    return frozenset(spent | failed)


def _within(moment: datetime | None, days: float, now: datetime) -> bool:
    return moment is None or now - moment < timedelta(days=days)
