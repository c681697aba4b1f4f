"""The upgrade of one instance, as one job under the instance's lease.

Every step can be done again: what a step must know of an interrupted attempt is written down.
"""

from functools import partial

from django.db import transaction
from django.db.models import F

from ocim.core import stopping
from ocim.core.actions import Action, DriveRollout
from ocim.core.causes import signature
from ocim.core.errors import Conflict
from ocim.core.rollout import pause_before_attempt
from ocim.core.states import RolloutState, StepState, UpgradeState
from ocim.operations import activate, instances, spawn
from ocim.operations.context import Context
from ocim.operations.jobs import OPEN
from ocim.operations.rollouts import dry_run
from ocim.operations.rollouts.backup import back_up
from ocim.operations.rollouts.begin import rules_from_json
from ocim.operations.rollouts.journal import Journal, close_steps
from ocim.operations.rollouts.selection import FAILED
from ocim.operations.rollouts.sql import run_sql
from ocim.store.claims import move_upgrade, write_job
from ocim.store.models import InstanceTag, Job, Lease, OpenEdXInstance, Rollout, Upgrade


def run(job: Job, lease: Lease, context: Context) -> list[Action]:
    """SQL, new settings, new app servers, health gate, swing: in this order, or not at all.

    Where nobody knows yet what migrations do, they are tried on a copy before all that.
    """
    upgrade = _of(job)
    rollout = upgrade.rollout
    look = DriveRollout(rollout.pk)
    if not _is_at(job, upgrade) or _handed_back(upgrade, job, lease, context):
        return [look]
    makes_dry_run = dry_run.is_due(upgrade, lease, context)
    with Journal(upgrade, lease, context) as journal:
        journal.enter("preparation")
        _begin(upgrade, job, lease)
        with stopping.scope(partial(_aborted, rollout)):
            if makes_dry_run:
                journal.enter(dry_run.STEP)
                dry_run.make(upgrade, lease, context)
            if rollout.backup:
                journal.enter("backup")
                back_up(upgrade, context)
            if rollout.sql:
                journal.enter("SQL")
                run_sql(upgrade, lease, context)
        journal.enter("settings")
        actions = _change(upgrade, job, lease, context)
        journal.enter("app servers")
        _write_down(upgrade, job, lease, context)
        actions += spawn.run(job, lease, context, on_step=journal.enter)
        if rollout.activate:
            actions += activate.activate(job, lease, context, on_step=journal.enter)
        journal.enter("tags")
        with transaction.atomic():
            move_upgrade(
                upgrade, UpgradeState.SUCCEEDED, lease=lease, ended_at=context.now(),
                step="done", failure="", cause="",
            )  # fmt: skip
            mark(_instance(job), rollout.tag, failed=False)
            journal.finish()
    return [*actions, look]


def on_failure(job: Job, lease: Lease, context: Context) -> list[Action]:
    """The old app servers serve on: the settings go back to what they were, and it is told why."""
    upgrade = _of(job)
    # Whoever aborts it waits until this is written, or is seen here.
    rollout = Rollout.objects.select_for_update().get(pk=upgrade.rollout_id)
    actions: list[Action] = [DriveRollout(rollout.pk)]
    if not _is_at(job, upgrade):
        return actions
    instance = _instance(job)
    dry_run.on_failure(upgrade, context)
    if "appservers" in job.arguments:
        actions += spawn.on_failure(job, lease, context)
    if job.memory.get("changed"):
        actions += instances.restore_settings(
            instance_id=instance.pk, before=upgrade.before, after=upgrade.after
        )
    now = context.now()
    close_steps([upgrade.pk], StepState.INTERRUPTED, now)
    names = (instance.name, instance.database_name, *instance.domains.all())
    why = {"failure": job.error, "cause": signature(job.error, *names), "ended_at": now}
    if _may_try_again(upgrade, rollout, job):
        later = now + pause_before_attempt(upgrade.attempts)
        move_upgrade(upgrade, UpgradeState.PENDING, lease=lease, not_before=later, **why)
    else:
        move_upgrade(upgrade, UpgradeState.FAILED, lease=lease, **why)
        mark(instance, rollout.tag, failed=True)
    return actions


def mark(instance: OpenEdXInstance, tag: str, *, failed: bool) -> None:
    """Tag it with how the rollout ended for it; the two tags exclude one another."""
    right, wrong = (tag + FAILED, tag) if failed else (tag, tag + FAILED)
    instance.tags.add(InstanceTag.objects.get_or_create(name=right)[0])
    instance.tags.remove(*InstanceTag.objects.filter(name=wrong))


def _of(job: Job) -> Upgrade:
    return Upgrade.objects.select_related(
        "rollout", "instance__ref_set", "instance__database_server"
    ).get(pk=job.arguments["upgrade"])


def _instance(job: Job) -> OpenEdXInstance:
    """The job's instance as it is now."""
    return OpenEdXInstance.objects.select_related("ref_set", "database_server").get(
        pk=job.instance_id
    )


def _is_at(job: Job, upgrade: Upgrade) -> bool:
    return upgrade.state == UpgradeState.RUNNING and upgrade.job_id == job.pk


def _may_try_again(upgrade: Upgrade, rollout: Rollout, job: Job) -> bool:
    return (
        upgrade.attempts < rules_from_json(rollout.rules).num_attempts
        and not job.cancel_requested
        and rollout.state != RolloutState.ABORTED
    )


def _handed_back(upgrade: Upgrade, job: Job, lease: Lease, context: Context) -> bool:
    """Whether it waited for a worker until it may not begin any more; then it did not begin."""
    rollout, now = upgrade.rollout, context.now()
    if job.memory.get("begun"):
        return False
    window, instance = rules_from_json(rollout.rules).window, _instance(job)
    is_open = not window or window.next_opening(now, instance.time_zone) == now
    if rollout.state == RolloutState.RUNNING and is_open and not instance.hold.on(now):
        return False
    aborted = rollout.state == RolloutState.ABORTED
    move_upgrade(
        upgrade,
        UpgradeState.CANCELLED if aborted else UpgradeState.PENDING,
        lease=lease,
        step="",
        attempts=F("attempts") - 1,
        started_at=None,
    )
    return True


def _aborted(rollout: Rollout) -> stopping.Ended | None:
    """End what the instance has not been changed by, or only by its operator's own SQL."""
    aborted = Rollout.objects.filter(pk=rollout.pk, state=RolloutState.ABORTED).exists()
    return stopping.Ended("The rollout was aborted.") if aborted else None


def _begin(upgrade: Upgrade, job: Job, lease: Lease) -> None:
    """Look whether it still is as it was planned for, and write down what serves it now."""
    if job.memory.get("begun"):
        return
    instance = _instance(job)
    # It may be between the two halves of that, and would take away what is made now.
    retiring = Job.objects.filter(instance=instance, kind="archive", state__in=OPEN)
    if instance.ref_set.is_archived or retiring.exists():
        raise Conflict(f"{instance} was archived meanwhile.")
    _require_unedited(upgrade, instance)
    active = instance.appserver_set.filter(is_active=True).order_by("id")
    with transaction.atomic():
        replaced = list(active.values_list("pk", flat=True))
        Upgrade.objects.filter(pk=upgrade.pk).update(replaced=replaced, appservers=[])
        _remember(job, lease, begun=True)


def _change(upgrade: Upgrade, job: Job, lease: Lease, context: Context) -> list[Action]:
    """The new settings, once: what somebody edits afterwards stays."""
    if job.memory.get("changed"):
        return []
    with transaction.atomic():
        instance = OpenEdXInstance.objects.select_for_update().get(pk=job.instance_id)
        _require_unedited(upgrade, instance)
        _, actions = instances.change(
            instance_id=instance.pk, changes=upgrade.after, context=context
        )
        _remember(job, lease, changed=True)
    return actions


def _require_unedited(upgrade: Upgrade, instance: OpenEdXInstance) -> None:
    edited = [name for name, old in upgrade.before.items() if getattr(instance, name) != old]
    if edited:
        raise Conflict(
            f"{', '.join(edited)} of {instance} changed after this was planned.",
            remedy="See what was changed; `ocim rollout retry` takes it as it is now.",
        )


def _write_down(upgrade: Upgrade, job: Job, lease: Lease, context: Context) -> None:
    """New app servers, in the transaction that says which they are: never made twice."""
    if "appservers" in job.arguments:
        return
    with transaction.atomic():
        made = spawn.create_appservers(
            _instance(job),
            context=context,
            reason=f"Rollout {upgrade.rollout.tag}",
            creator_id=job.creator_id,
        )
        ids = [one.pk for one in made]
        Upgrade.objects.filter(pk=upgrade.pk).update(appservers=ids)
        write_job(job, lease=lease, arguments={**job.arguments, "appservers": ids})
    job.refresh_from_db()


def _remember(job: Job, lease: Lease, **facts: bool) -> None:
    write_job(job, lease=lease, memory={**job.memory, **facts})
    job.refresh_from_db()
