"""The upgrade of one instance, as one job under the instance's lease.

Every step can be repeated: the claim records what a step must know of an interrupted attempt.
"""

from dataclasses import replace
from functools import partial

from django.db import transaction
from django.db.models import F

from ocim.core import stopping
from ocim.core.actions import Action, DriveRollout
from ocim.core.causes import signature
from ocim.core.errors import Conflict
from ocim.core.job_kinds import JobKind
from ocim.core.jobs import UpgradeJob, UpgradeProgress
from ocim.core.rollout import Rules, pause_before_attempt
from ocim.core.states import RolloutState, StepState, UpgradeState
from ocim.core.texts import listed
from ocim.operations import activate, instances, spawn
from ocim.operations.claim import Claim
from ocim.operations.jobs import OPEN
from ocim.operations.rollouts import dry_run
from ocim.operations.rollouts.backup import back_up
from ocim.operations.rollouts.journal import Journal, close_steps
from ocim.operations.rollouts.selection import FAILED
from ocim.operations.rollouts.sql import run_sql
from ocim.operations.shop.remote import shared_shells
from ocim.store.claims import move_upgrade, write_upgrade
from ocim.store.models import InstanceTag, Job, OpenEdXInstance, Rollout, Upgrade


@shared_shells()
def run(claim: Claim, payload: UpgradeJob) -> list[Action]:
    """Upgrade an instance: SQL, settings, new app servers, health check, traffic, in this order.

    The first instance of its kind in the rollout has a dry run of migrations before all that.
    """
    lease, context = claim.lease, claim.context
    upgrade = _of(payload)
    rollout = upgrade.rollout
    look = DriveRollout(rollout.pk)
    if not _is_at(claim.job, upgrade) or _give_back(upgrade, claim):
        return [look]
    needs_dry_run = dry_run.reserve(upgrade, lease, context)
    with Journal(upgrade, lease, context) as journal:
        journal.enter("preparation")
        _begin(upgrade, claim)
        with stopping.scope(partial(_aborted, rollout)):
            if needs_dry_run:
                journal.enter(dry_run.STEP)
                dry_run.make(upgrade, lease, context)
            if rollout.backup:
                journal.enter("backup")
                back_up(upgrade, context)
            if rollout.sql:
                journal.enter("SQL")
                run_sql(upgrade, lease, context)
        journal.enter("settings")
        actions = _change(upgrade, claim)
        journal.enter("app servers")
        _create_appservers(upgrade, claim)
        journaled = replace(claim, on_step=journal.enter)
        actions += spawn.bring_up_all(journaled, upgrade.appservers)
        if rollout.activate:
            actions += activate.activate(journaled, upgrade.appservers)
        journal.enter("tags")
        with transaction.atomic():
            result = {"ended_at": context.now(), "step": "done", "failure": "", "cause": ""}
            move_upgrade(upgrade, UpgradeState.SUCCEEDED, lease=lease, **result)
            mark(_instance(claim), rollout.tag, failed=False)
            journal.finish()
    return [*actions, look]


def on_failure(claim: Claim, payload: UpgradeJob) -> list[Action]:
    """Restore the settings and record why the upgrade failed; the old app servers serve on."""
    upgrade, job = _of(payload), claim.job
    # An abort waits until this transaction ends, or is seen here.
    rollout = Rollout.objects.select_for_update().get(pk=upgrade.rollout_id)
    actions: list[Action] = [DriveRollout(rollout.pk)]
    if not _is_at(job, upgrade):
        return actions
    instance = _instance(claim)
    dry_run.on_failure(upgrade, claim.context)
    if claim.progress(UpgradeProgress).started:
        actions += spawn.fail_unfinished(claim, upgrade.appservers)
    if claim.progress(UpgradeProgress).settings_changed:
        actions += instances.restore_settings(
            instance_id=instance.pk, before=upgrade.before, after=upgrade.after
        )
    now = claim.context.now()
    close_steps([upgrade.pk], StepState.INTERRUPTED, now)
    names = (instance.name, instance.database_name, *instance.domains.all())
    why = {"failure": job.error, "cause": signature(job.error, *names), "ended_at": now}
    if _may_try_again(upgrade, rollout, job):
        later = now + pause_before_attempt(upgrade.attempts)
        move_upgrade(upgrade, UpgradeState.PENDING, lease=claim.lease, not_before=later, **why)
    else:
        move_upgrade(upgrade, UpgradeState.FAILED, lease=claim.lease, **why)
        mark(instance, rollout.tag, failed=True)
    return actions


def mark(instance: OpenEdXInstance, tag: str, *, failed: bool) -> None:
    """Give an instance the tag for success or failure, and remove the other one."""
    right, wrong = (tag + FAILED, tag) if failed else (tag, tag + FAILED)
    instance.tags.add(InstanceTag.objects.get_or_create(name=right)[0])
    instance.tags.remove(*InstanceTag.objects.filter(name=wrong))


def _of(payload: UpgradeJob) -> Upgrade:
    return Upgrade.objects.select_related(
        "rollout", "instance__ref_set", "instance__database_server"
    ).get(pk=payload.upgrade)


def _instance(claim: Claim) -> OpenEdXInstance:
    """Return the job's instance as it is now."""
    return OpenEdXInstance.objects.select_related("ref_set", "database_server").get(
        pk=claim.instance_id
    )


def _is_at(job: Job, upgrade: Upgrade) -> bool:
    return upgrade.state == UpgradeState.RUNNING and upgrade.job_id == job.pk


def _may_try_again(upgrade: Upgrade, rollout: Rollout, job: Job) -> bool:
    return (
        upgrade.attempts < Rules.from_json(rollout.rules).num_attempts
        and not job.cancel_requested
        and rollout.state != RolloutState.ABORTED
    )


def _give_back(upgrade: Upgrade, claim: Claim) -> bool:
    """Give the upgrade back if it may no longer start. Return True if so.

    While it waited for a worker, its window may have closed, or somebody may have paused or aborted
    the rollout, or held the instance. The upgrade of an aborted rollout is cancelled.
    """
    rollout, now = upgrade.rollout, claim.context.now()
    if claim.progress(UpgradeProgress).started:
        return False
    window, instance = Rules.from_json(rollout.rules).window, _instance(claim)
    is_open = not window or window.next_opening(now, instance.time_zone) == now
    if rollout.state == RolloutState.RUNNING and is_open and not instance.hold.on(now):
        return False
    aborted = rollout.state == RolloutState.ABORTED
    move_upgrade(
        upgrade,
        UpgradeState.CANCELLED if aborted else UpgradeState.PENDING,
        lease=claim.lease,
        step="",
        attempts=F("attempts") - 1,
        started_at=None,
    )
    return True


def _aborted(rollout: Rollout) -> stopping.Ended | None:
    """Return why the steps before the new settings must end, if the rollout was aborted."""
    aborted = Rollout.objects.filter(pk=rollout.pk, state=RolloutState.ABORTED).exists()
    return stopping.Ended("The rollout was aborted.") if aborted else None


def _begin(upgrade: Upgrade, claim: Claim) -> None:
    """Record which app servers serve now. Raise Conflict if the instance is not as planned."""
    if claim.progress(UpgradeProgress).started:
        return
    instance = _instance(claim)
    # An archiving that is under way would remove the new app servers.
    retiring = Job.objects.filter(instance=instance, kind=JobKind.ARCHIVE, state__in=OPEN)
    if instance.ref_set.is_archived or retiring.exists():
        raise Conflict(f"{instance} was archived meanwhile.")
    _require_unedited(upgrade, instance)
    active = instance.appserver_set.filter(is_active=True).order_by("id")
    with transaction.atomic():
        replaced = list(active.values_list("pk", flat=True))
        write_upgrade(upgrade, lease=claim.lease, replaced=replaced, appservers=[])
        claim.record(replace(claim.progress(UpgradeProgress), started=True))


def _change(upgrade: Upgrade, claim: Claim) -> list[Action]:
    """Change the settings, once, so that later edits by people stay."""
    if claim.progress(UpgradeProgress).settings_changed:
        return []
    with transaction.atomic():
        instance = OpenEdXInstance.objects.select_for_update().get(pk=claim.instance_id)
        _require_unedited(upgrade, instance)
        _, actions = instances.change(
            instance_id=instance.pk, changes=upgrade.after, context=claim.context
        )
        claim.record(replace(claim.progress(UpgradeProgress), settings_changed=True))
    return actions


def _require_unedited(upgrade: Upgrade, instance: OpenEdXInstance) -> None:
    edited = [name for name, old in upgrade.before.items() if getattr(instance, name) != old]
    if edited:
        raise Conflict(
            f"{listed(edited)} of {instance} changed after this was planned.",
            remedy="Check the change; `ocim rollout retry` upgrades the instance as it is now.",
        )


def _create_appservers(upgrade: Upgrade, claim: Claim) -> None:
    """Create the new app servers and record which they are, in one transaction: never twice."""
    if upgrade.appservers:
        return
    with transaction.atomic():
        made = spawn.create_appservers(
            _instance(claim),
            context=claim.context,
            reason=f"Rollout {upgrade.rollout.tag}",
            creator_id=claim.job.creator_id,
        )
        write_upgrade(upgrade, lease=claim.lease, appservers=[appserver.pk for appserver in made])
