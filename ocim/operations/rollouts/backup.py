"""Backups before an upgrade: dumps of the instance's databases, kept with the rollout's record."""

import time
from pathlib import Path

from django.db.models import QuerySet

from ocim.core import stopping
from ocim.core.actions import Action
from ocim.core.errors import Conflict
from ocim.core.jobs import RestoreJob
from ocim.core.states import UpgradeState
from ocim.core.texts import listed
from ocim.operations import jobs
from ocim.operations.claim import Claim
from ocim.operations.context import Context
from ocim.store.models import Backup, Job, OpenEdXInstance, Upgrade
from ocim.store.specs import all_databases, instance_spec


def back_up(upgrade: Upgrade, context: Context) -> None:
    """Dump every database of the instance, unless an earlier attempt has dumped it.

    The earlier dump is from before the SQL, a later one would not be.
    """
    assert upgrade.instance is not None  # noqa: S101 - it holds the lease
    spec = instance_spec(upgrade.instance, context.policy)
    directory = context.policy.backups / str(upgrade.rollout_id) / upgrade.instance.database_name
    done = set(upgrade.backups.values_list("purpose", flat=True))
    for purpose, database in spec.databases.items():
        databases = context.adapters.databases[database.kind]
        if purpose in done or databases.size(database) is None:
            continue
        path = directory / purpose
        started = time.monotonic()
        databases.dump(database, path)
        Backup.objects.create(
            upgrade=upgrade,
            purpose=purpose,
            name=database.name,
            path=str(path),
            machine=context.machine,
            size=path.stat().st_size,
            seconds=time.monotonic() - started,
        )


def of_instance(instance: OpenEdXInstance, rollout_id: int | None = None) -> "QuerySet[Backup]":
    """Return the backups that a rollout made of an instance; without an id, the newest that did.

    Raise Conflict if there are none.
    """
    made = Backup.objects.filter(upgrade__instance=instance)
    if rollout_id is not None:
        made = made.filter(upgrade__rollout=rollout_id)
    newest = made.order_by("-upgrade").first()
    if newest is None:
        rollout = "" if rollout_id is None else f" in rollout {rollout_id}"
        raise Conflict(
            f"No backup of {instance}{rollout}.",
            remedy="`ocim redeploy --backup` makes one before it changes anything.",
        )
    return made.filter(upgrade=newest.upgrade_id).order_by("purpose")


def request(instance: OpenEdXInstance, *, rollout_id: int | None, queue: str) -> Job:
    """Submit a job that restores the backups. Raise Conflict while the instance is upgraded."""
    backups = of_instance(instance, rollout_id)
    if Upgrade.objects.filter(instance=instance, state=UpgradeState.RUNNING).exists():
        raise Conflict(
            f"{instance} is being upgraded.", remedy="Try again when its upgrade has ended."
        )
    payload = RestoreJob(tuple(backups.values_list("pk", flat=True)))
    return jobs.submit(target=instance, payload=payload, queue=queue)


def run(claim: Claim, payload: RestoreJob) -> list[Action]:
    """Restore all backups, if all files and databases exist. Raise Conflict otherwise."""
    instance = OpenEdXInstance.objects.select_related("database_server").get(pk=claim.instance_id)
    backups = list(Backup.objects.filter(pk__in=payload.backups))
    by_name = {database.name: database for database in all_databases(instance).values()}
    lost = [backup for backup in backups if backup.name not in by_name or not _is_here(backup)]
    if lost:
        paths = listed([backup.path for backup in lost])
        elsewhere = sorted({backup.machine for backup in lost} - {"", claim.context.machine})
        raise Conflict(
            f"Cannot restore {paths}: the file or its database is missing.",
            remedy=f"{listed(elsewhere)} made it, and this is {claim.context.machine}: copy it to"
            " the same path of every machine with workers, and try again."
            if elsewhere
            else "",
        )
    for backup in backups:
        stopping.check()
        database = by_name[backup.name]
        claim.context.adapters.databases[database.kind].restore(database, Path(backup.path))
    return []


def _is_here(backup: Backup) -> bool:
    return Path(backup.path).exists()
