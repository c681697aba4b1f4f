"""State changes as claims: one conditional UPDATE, or walk away."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from django.db.models import F, Q

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
from ocim.store.models import Job, Lease, OpenEdXAppServer, Server, Upgrade


def claim_lease(instance_id: int, *, worker: str, now: datetime, seconds: float) -> Lease | None:
    """Take the instance's lease for `seconds`; None while another holds it."""
    Lease.objects.get_or_create(instance_id=instance_id)
    holder = f"{worker}/{uuid4().hex[:8]}"
    Lease.objects.filter(unheld(now, seconds), instance_id=instance_id).update(
        holder=holder, fence=F("fence") + 1, expires_at=now + timedelta(seconds=seconds)
    )
    return Lease.objects.filter(instance_id=instance_id, holder=holder).first()


def unheld(now: datetime, seconds: float, *, lease: str = "") -> Q:
    """Return the condition for free leases; `lease` is the path to them in the query.

    One that ends later than those that are granted now is from before the clock was set back: where
    its holder lives, it is renewed, and dated anew.
    """
    latest = now + timedelta(seconds=2 * seconds)
    return (
        Q(**{f"{lease}holder": ""})
        | Q(**{f"{lease}expires_at__lt": now})
        | Q(**{f"{lease}expires_at__gt": latest})
    )


def renew_leases(*, worker: str, now: datetime, seconds: float) -> int:
    """Renew every lease that this worker holds; how many those are."""
    return Lease.objects.filter(holder__startswith=f"{worker}/").update(
        expires_at=now + timedelta(seconds=seconds)
    )


def require_lease(lease: Lease) -> None:
    """Raise LostClaim where the lease went to another."""
    if not Lease.objects.filter(pk=lease.pk, fence=lease.fence).exists():
        raise LostClaim(f"Another worker took over instance {lease.pk}.")


def release_lease(lease: Lease) -> None:
    """Give it back; nothing happens if it was taken over meanwhile."""
    Lease.objects.filter(pk=lease.pk, fence=lease.fence, holder=lease.holder).update(
        holder="", expires_at=None
    )


def move_appserver(
    appserver: OpenEdXAppServer, to: AppServerState, *, lease: Lease, **fields: object
) -> None:
    """Change its state, and `fields` with it, if the transition is legal and the lease ours.

    Raises Conflict for an illegal transition, LostClaim where the lease went to another.
    """
    changed = OpenEdXAppServer.objects.filter(
        pk=appserver.pk,
        state__in=may_become(to, APP_SERVER_TRANSITIONS),
        instance__lease__fence=lease.fence,
    ).update(state=to, **fields)
    appserver.refresh_from_db()
    if not changed:
        require_transition(AppServerState(appserver.state), to, APP_SERVER_TRANSITIONS)
        raise LostClaim(f"Another worker took over instance {lease.pk}.")


def write_appservers(ids: list[int], *, lease: Lease, **fields: object) -> None:
    """Write to app servers of the leased instance; LostClaim where the lease went to another."""
    changed = OpenEdXAppServer.objects.filter(
        pk__in=ids, instance_id=lease.pk, instance__lease__fence=lease.fence
    ).update(**fields)
    if changed != len(ids):
        raise LostClaim(f"Another worker took over instance {lease.pk}.")


def move_server(server: Server, to: ServerState, *, lease: Lease, **fields: object) -> None:
    """Change a host's state, and `fields` with it, as `move_appserver` does."""
    changed = Server.objects.filter(
        pk=server.pk,
        state__in=may_become(to, SERVER_TRANSITIONS),
        appserver__instance__lease__fence=lease.fence,
    ).update(state=to, **fields)
    server.refresh_from_db()
    if not changed:
        require_transition(ServerState(server.state), to, SERVER_TRANSITIONS)
        raise LostClaim(f"Another worker took over instance {lease.pk}.")


def write_job(job: Job, *, lease: Lease, **fields: object) -> None:
    """Write to a job of the leased instance; LostClaim where the lease went to another."""
    ours = Job.objects.filter(pk=job.pk, instance_id=lease.pk, instance__lease__fence=lease.fence)
    if not ours.update(**fields):
        raise LostClaim(f"Another worker took over {job}.")


def move_job(job: Job, to: JobState, *, lease: Lease, **fields: object) -> None:
    """Change its state, and `fields` with it; LostClaim where that is not ours to do any more."""
    _move(job, to, may_become(to, JOB_TRANSITIONS), lease, fields)


def move_upgrade(upgrade: Upgrade, to: UpgradeState, *, lease: Lease, **fields: object) -> None:
    """Change the state of an instance's part in a rollout, as `move_job` does."""
    _move(upgrade, to, may_become(to, UPGRADE_TRANSITIONS), lease, fields)


def write_upgrade(upgrade: Upgrade, *, lease: Lease, **fields: object) -> None:
    """Write to an upgrade of the leased instance.

    Raise LostClaim if the lease is another worker's.
    """
    ours = Upgrade.objects.filter(pk=upgrade.pk, instance__lease__fence=lease.fence)
    if not ours.update(**fields):
        raise LostClaim(f"Another worker took over {upgrade}.")
    for name, value in fields.items():
        setattr(upgrade, name, value)


def _move(
    row: Job | Upgrade, to: str, before: Iterable[str], lease: Lease, fields: Mapping[str, object]
) -> None:
    ours = type(row)._default_manager.filter(pk=row.pk, instance__lease__fence=lease.fence)
    if not ours.filter(state__in=before).update(state=to, **fields):
        raise LostClaim(f"Another worker took over {row}.")
    row.refresh_from_db()
