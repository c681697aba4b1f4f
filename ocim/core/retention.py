"""Choice of the app servers of an instance that are no longer needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ocim.core.policy import Retention
from ocim.core.states import AppServerState


@dataclass(frozen=True, slots=True)
class Candidate:
    """Facts about an app server that still has a host, for the decision."""

    id: int
    deployment: int | None
    state: AppServerState
    is_active: bool
    activated_at: datetime | None = None
    deactivated_at: datetime | None = None
    failed_at: datetime | None = None


def expendable(
    appservers: Sequence[Candidate], now: datetime, retention: Retention
) -> frozenset[int]:
    """Return the ids of the app servers to terminate.

    Keep active ones; the last active ones, for some days, as a fallback; the newest one (with the
    others of its deployment) if it was never active, as a release candidate; failed ones, for some
    days; and all that are not finished yet.
    """
    running = [appserver for appserver in appservers if appserver.state == AppServerState.RUNNING]
    inactive = [appserver for appserver in running if not appserver.is_active]
    expired = {appserver.id for appserver in inactive}
    retired = [appserver.deactivated_at for appserver in inactive if appserver.deactivated_at]
    if retired and _within(last := max(retired), retention.fallback_days, now):
        expired -= {appserver.id for appserver in running if appserver.deactivated_at == last}
    newest = max(running, key=lambda appserver: appserver.id, default=None)
    if newest and newest.activated_at is None:
        expired -= {newest.id} | {
            appserver.id
            for appserver in running
            if appserver.activated_at is None
            and appserver.deployment == newest.deployment is not None
        }
    failed = {
        appserver.id
        for appserver in appservers
        if appserver.state == AppServerState.FAILED
        and not _within(appserver.failed_at, retention.failed_days, now)
    }
    return frozenset(expired | failed)


def _within(moment: datetime | None, days: float, now: datetime) -> bool:
    return moment is None or now - moment < timedelta(days=days)
