"""State changes as claims: one conditional UPDATE, which fails if another worker was first."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db.models import Exists, F, Q

from ocim.core.errors import LostClaim
from ocim.core.states import (
    APP_SERVER_TRANSITIONS,
    JOB_TRANSITIONS,
    SERVER_TRANSITIONS,
    UPGRADE_TRANSITIONS,
    AppServerState,
    JobState,
    ServerState,
    UpgradeState,
    may_become,
    require_transition,
)
from ocim.store.models import Job, Lease, Leased, OpenEdXAppServer, Server, Upgrade


def claim_lease(lease_id: int, *, worker: str, now: datetime, seconds: float) -> Lease | None:
    """Claim the lease for `seconds`. Return None if another worker holds it, or it was deleted."""
    holder = f"{worker}/{uuid4().hex[:8]}"
    Lease.objects.filter(unheld(now, seconds), pk=lease_id).update(
        holder=holder, fence=F("fence") + 1, expires_at=now + timedelta(seconds=seconds)
    )
    return Lease.objects.filter(pk=lease_id, holder=holder).first()


def unheld(now: datetime, seconds: float, *, lease: str = "") -> Q:
    """Return the condition for free leases; `lease` is the path to them in the query.

    A lease that ends later than any that is granted now is free, too: the clock was set back since.
    If its holder still works, it renews the lease with a new end.
    """
    latest = now + timedelta(seconds=2 * seconds)
    return (
        Q(**{f"{lease}holder": ""})
        | Q(**{f"{lease}expires_at__lt": now})
        | Q(**{f"{lease}expires_at__gt": latest})
    )


def renew_leases(*, worker: str, now: datetime, seconds: float) -> int:
    """Renew all leases of this worker. Return their number."""
    return Lease.objects.filter(holder__startswith=f"{worker}/").update(
        expires_at=now + timedelta(seconds=seconds)
    )


def require_lease(lease: Lease) -> None:
    """Raise LostClaim if another worker has claimed the lease since."""
    if not Lease.objects.filter(pk=lease.pk, fence=lease.fence).exists():
        raise LostClaim(f"Another worker claimed {lease}.")


def release_lease(lease: Lease) -> None:
    """Release the lease. Do nothing if another worker has claimed it since."""
    Lease.objects.filter(pk=lease.pk, fence=lease.fence, holder=lease.holder).update(
        holder="", expires_at=None
    )


def move_appserver(
    appserver: OpenEdXAppServer, to: AppServerState, *, lease: Lease, **fields: object
) -> None:
    """Change an app server's state and `fields`, if the transition is legal and the lease held.

    Raise Conflict for an illegal transition, LostClaim if another worker has claimed the lease.
    """
    changed = OpenEdXAppServer.objects.filter(
        pk=appserver.pk,
        state__in=may_become(to, APP_SERVER_TRANSITIONS),
        **_held(lease, "instance__lease"),
    ).update(state=to, **fields)
    appserver.refresh_from_db()
    if not changed:
        require_transition(AppServerState(appserver.state), to, APP_SERVER_TRANSITIONS)
        raise LostClaim(f"Another worker claimed {lease}.")


def write_appservers(ids: list[int], *, lease: Lease, **fields: object) -> None:
    """Write to app servers of the leased instance. Raise LostClaim if the lease is lost."""
    ours = OpenEdXAppServer.objects.filter(pk__in=ids, **_held(lease, "instance__lease"))
    changed = ours.update(**fields)
    if changed != len(ids):
        raise LostClaim(f"Another worker claimed {lease}.")


def move_server(server: Server, to: ServerState, *, lease: Lease, **fields: object) -> None:
    """Change the state and `fields` of a host of the leased instance or shared server.

    Raise the errors of `move_appserver`.
    """
    changed = Server.objects.filter(
        Exists(Lease.objects.filter(pk=lease.pk, fence=lease.fence)),
        pk=server.pk,
        state__in=may_become(to, SERVER_TRANSITIONS),
    ).update(state=to, **fields)
    server.refresh_from_db()
    if not changed:
        require_transition(ServerState(server.state), to, SERVER_TRANSITIONS)
        raise LostClaim(f"Another worker claimed {lease}.")


def write_job(job: Job, *, lease: Lease, **fields: object) -> None:
    """Write to a job under the lease. Raise LostClaim if the lease is lost."""
    ours = Job.objects.filter(pk=job.pk, **_held(lease, "lease"))
    if not ours.update(**fields):
        raise LostClaim(f"Another worker took over {job}.")


def move_job(job: Job, to: JobState, *, lease: Lease, **fields: object) -> None:
    """Change a job's state and `fields`. Raise LostClaim if the lease or the old state is lost."""
    _move(job, to, may_become(to, JOB_TRANSITIONS), _held(lease, "lease"), fields)


def move_upgrade(upgrade: Upgrade, to: UpgradeState, *, lease: Lease, **fields: object) -> None:
    """Change an upgrade's state and `fields`. Raise the errors of `move_job`."""
    ours = _held(lease, "instance__lease")
    _move(upgrade, to, may_become(to, UPGRADE_TRANSITIONS), ours, fields)


def write_upgrade(upgrade: Upgrade, *, lease: Lease, **fields: object) -> None:
    """Write to an upgrade of the leased instance.

    Raise LostClaim if the lease is another worker's.
    """
    ours = Upgrade.objects.filter(pk=upgrade.pk, **_held(lease, "instance__lease"))
    if not ours.update(**fields):
        raise LostClaim(f"Another worker took over {upgrade}.")
    for name, value in fields.items():
        setattr(upgrade, name, value)


def write_leased(row: Leased, *, lease: Lease, **fields: object) -> None:
    """Write to the row that the lease protects. Raise LostClaim if the lease is lost."""
    ours = type(row)._default_manager.filter(pk=row.pk, **_held(lease, "lease"))
    if not ours.update(**fields):
        raise LostClaim(f"Another worker claimed {lease}.")
    row.refresh_from_db()


def _held(lease: Lease, path: str) -> dict[str, Any]:
    """Return the filters for rows under the lease as it was claimed; `path` leads to it."""
    return {path: lease.pk, f"{path}__fence": lease.fence}


def _move(
    row: Job | Upgrade,
    to: str,
    before: Iterable[str],
    is_ours: Mapping[str, Any],
    fields: Mapping[str, object],
) -> None:
    ours = type(row)._default_manager.filter(pk=row.pk, **is_ours)
    if not ours.filter(state__in=before).update(state=to, **fields):
        raise LostClaim(f"Another worker took over {row}.")
    row.refresh_from_db()
