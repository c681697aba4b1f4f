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
    deployment: int | None
    state: AppServerState
    is_active: bool
    active_since: datetime | None = None
    deactivated_at: datetime | None = None
    failed_at: datetime | None = None


def expendable(
    appservers: Sequence[Candidate], now: datetime, retention: Retention
) -> frozenset[int]:
    """The ids of those to terminate.

    Kept are: the active ones; what was active last, for some days, as a fallback; the newest one,
    with the others of its deployment, while it was never active, as a release candidate; failed
    ones for some days; and whatever is still being made.
    """
    running = [one for one in appservers if one.state == AppServerState.RUNNING]
    spent = {one.id for one in running if not one.is_active}
    retired = [one.deactivated_at for one in running if one.deactivated_at and not one.is_active]
    if retired and _within(last := max(retired), retention.fallback_days, now):
        spent -= {one.id for one in running if one.deactivated_at == last}
    newest = max(running, key=lambda one: one.id, default=None)
    if newest and newest.active_since is None:
        spent -= {newest.id} | {
            one.id
            for one in running
            if one.active_since is None and one.deployment == newest.deployment is not None
        }
    failed = {
        one.id
        for one in appservers
        if one.state == AppServerState.FAILED
        and not _within(one.failed_at, retention.failed_days, now)
    }
    return frozenset(spent | failed)


def _within(moment: datetime | None, days: float, now: datetime) -> bool:
    return moment is None or now - moment < timedelta(days=days)
