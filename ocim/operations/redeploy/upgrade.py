"""The upgrade of one instance, as one job under the instance's lease.

Every step can be done again: what a step must know of an interrupted attempt is written down.
"""

from django.db import transaction

from ocim.core.actions import Action, DriveRollout
from ocim.core.causes import signature
from ocim.core.errors import NotPossible
from ocim.core.rollout import pause_before_attempt
from ocim.core.states import RolloutState, UpgradeState
from ocim.operations import activate, instances, spawn
from ocim.operations.context import Context
from ocim.operations.redeploy.begin import rules_from_json
from ocim.operations.redeploy.selection import FAILED
from ocim.operations.redeploy.sql import run_sql
from ocim.store.claims import write_job
from ocim.store.models import InstanceTag, Job, Lease, OpenEdXInstance, Upgrade


def run(job: Job, lease: Lease, context: Context) -> list[Action]:
    """SQL, new settings, new app servers, health gate, swing: in this order, or not at all."""
    upgrade = _of(job)
    if upgrade.state != UpgradeState.RUNNING or upgrade.job_id != job.pk:
        return [DriveRollout(upgrade.rollout_id, job.queue)]
    rollout = upgrade.rollout
    instance = _instance(upgrade)

    _begin(upgrade, instance, job, lease)
    if rollout.sql:
        _step(upgrade, "SQL")
        run_sql(upgrade, lease, context)
    _step(upgrade, "settings")
    _, actions = instances.change(instance_id=instance.pk, changes=upgrade.after, context=context)
    _step(upgrade, "provisioning")
    _write_down(upgrade, job, lease, context)
    actions += spawn.run(job, lease, context)
    if rollout.activate:
        _step(upgrade, "activation")
        actions += activate.activate(job, lease, context)
    with transaction.atomic():
        _close(upgrade, UpgradeState.SUCCEEDED, step="done", failure="", cause="", context=context)
        mark(instance, rollout.tag, failed=False)
    return [*actions, DriveRollout(rollout.pk, job.queue)]


def give_up(job: Job, lease: Lease, context: Context) -> list[Action]:
    """The old app servers serve on: the settings go back to what they were, and it is told why."""
    upgrade = _of(job)
    actions: list[Action] = [DriveRollout(upgrade.rollout_id, job.queue)]
    if upgrade.state != UpgradeState.RUNNING or upgrade.job_id != job.pk:
        return actions
    if "appservers" in job.arguments:
        actions += spawn.give_up(job, lease, context)
    instance = _instance(upgrade)
    if job.memory.get("begun"):
        actions += instances.put_back(
            instance_id=instance.pk, before=upgrade.before, after=upgrade.after
        )
    failure = job.error
    cause = signature(failure, instance.name, *instance.domains.all())
    rollout = upgrade.rollout
    rules = rules_from_json(rollout.rules)
    again = (
        upgrade.attempts < rules.num_attempts
        and not job.cancel_requested
        and rollout.state != RolloutState.ABORTED
    )
    if again:
        pause = pause_before_attempt(upgrade.attempts)
        _close(
            upgrade,
            UpgradeState.PENDING,
            failure=failure,
            cause=cause,
            not_before=context.now() + pause,
            context=context,
        )
    else:
        _close(upgrade, UpgradeState.FAILED, failure=failure, cause=cause, context=context)
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


def _instance(upgrade: Upgrade) -> OpenEdXInstance:
    if upgrade.instance is None:
        raise NotPossible("The instance was deleted.")
    return upgrade.instance


def _begin(upgrade: Upgrade, instance: OpenEdXInstance, job: Job, lease: Lease) -> None:
    """Look whether it still is as it was planned for; once, since the update itself changes it."""
    if job.memory.get("begun"):
        return
    if instance.ref_set.is_archived:
        raise NotPossible(f"{instance} was archived meanwhile.")
    edited = [name for name, old in upgrade.before.items() if getattr(instance, name) != old]
    if edited:
        raise NotPossible(
            f"{', '.join(edited)} of {instance} changed after this was planned.",
            remedy="See what was changed; `ocim rollout retry` takes it as it is now.",
        )
    active = instance.appserver_set.filter(is_active=True).order_by("id")
    with transaction.atomic():
        replaced = list(active.values_list("pk", flat=True))
        Upgrade.objects.filter(pk=upgrade.pk).update(replaced=replaced, appservers=[])
        write_job(job, lease=lease, memory={**job.memory, "begun": True})
    job.refresh_from_db()


def _write_down(upgrade: Upgrade, job: Job, lease: Lease, context: Context) -> None:
    """New app servers, in the transaction that says which they are: never made twice."""
    if "appservers" in job.arguments:
        return
    instance = OpenEdXInstance.objects.select_related("ref_set", "database_server").get(
        pk=job.instance_id
    )
    with transaction.atomic():
        made = spawn.write_down(
            instance,
            context=context,
            reason=f"Rollout {upgrade.rollout.tag}",
            creator_id=job.creator_id,
        )
        ids = [one.pk for one in made]
        Upgrade.objects.filter(pk=upgrade.pk).update(appservers=ids)
        write_job(job, lease=lease, arguments={**job.arguments, "appservers": ids})
    job.refresh_from_db()


def _step(upgrade: Upgrade, step: str) -> None:
    Upgrade.objects.filter(pk=upgrade.pk).update(step=step)


def _close(upgrade: Upgrade, to: UpgradeState, *, context: Context, **fields: object) -> None:
    Upgrade.objects.filter(pk=upgrade.pk, state=UpgradeState.RUNNING).update(
        state=to, ended_at=context.now(), **fields
    )
