"""The undoing of upgrades: the replaced app servers serve again, with their old settings."""

from django.db import transaction

from ocim.core.actions import Action
from ocim.core.errors import Conflict
from ocim.core.jobs import ActivationProgress, UndoJob
from ocim.core.rollout_commands import RolloutCommand, require_possible
from ocim.core.states import AppServerState, RolloutEventKind, UpgradeState
from ocim.core.texts import listed, plural
from ocim.operations import activate, instances, jobs
from ocim.operations.claim import Claim
from ocim.operations.rollouts.dry_run import dropped
from ocim.operations.rollouts.events import record_event
from ocim.store.claims import move_upgrade
from ocim.store.models import InstanceTag, Job, OpenEdXAppServer, Rollout, Upgrade


def undoable(rollout: Rollout) -> tuple[list[Upgrade], list[tuple[Upgrade, str]]]:
    """Return the successful upgrades that can be undone, and the others, each with the reason.

    What the new release's migrations did to a database stays. If the dry run of migrations found
    that the old release cannot work with it, a backup is needed, to be restored as well.
    """
    possible, impossible = [], []
    succeeded = rollout.upgrades.filter(state=UpgradeState.SUCCEEDED).order_by("id")
    for upgrade in succeeded.select_related("rollout", "instance__ref_set"):
        if reason := _obstacle(upgrade):
            impossible.append((upgrade, reason))
        else:
            possible.append(upgrade)
    return possible, impossible


def request(rollout: Rollout, *, by: str = "") -> list[Action]:
    """Submit a job for every upgrade that can be undone.

    Raise Conflict before the rollout has ended, or if nothing can be undone.
    """
    with transaction.atomic():
        require_possible(RolloutCommand.UNDO, rollout, rollout.state)
        possible, _ = undoable(rollout)
        if not possible:
            raise Conflict(
                f"Nothing in {rollout} can be undone.",
                remedy=f"`ocim rollout undo {rollout.pk}` lists the reasons.",
            )
        actions = record_event(
            rollout, RolloutEventKind.UNDONE, reason=plural(len(possible), "instance"), by=by
        )
        return [*actions, *(jobs.wake_up(_submit(upgrade)) for upgrade in possible)]


def run(claim: Claim, payload: UndoJob) -> list[Action]:
    """Activate the replaced app servers and restore their settings.

    If the health check fails, as for any activation, the new app servers serve on.
    """
    upgrade = Upgrade.objects.select_related("rollout", "instance__ref_set").get(pk=payload.upgrade)
    if upgrade.state != UpgradeState.SUCCEEDED or upgrade.instance is None:
        return []
    if claim.progress(ActivationProgress).previous is None and (reason := _obstacle(upgrade)):
        raise Conflict(f"Cannot undo {upgrade}: {reason}.")
    actions: list[Action] = []
    if payload.appservers:
        actions += activate.activate(claim, payload.appservers)
    with transaction.atomic():
        move_upgrade(upgrade, UpgradeState.UNDONE, lease=claim.lease)
        actions += instances.restore_settings(
            instance_id=claim.instance_id, before=upgrade.before, after=upgrade.after
        )
        upgrade.instance.tags.remove(*InstanceTag.objects.filter(name=upgrade.rollout.tag))
    return actions


def on_failure(claim: Claim, payload: UndoJob) -> list[Action]:
    """Let the new app servers serve on, and record why in the rollout's history."""
    upgrade = Upgrade.objects.select_related("rollout").get(pk=payload.upgrade)
    actions = record_event(
        upgrade.rollout, RolloutEventKind.NOT_UNDONE, reason=f"{upgrade}: {claim.job.error}"
    )
    return [*actions, *activate.restore_previous(claim)]


def _submit(upgrade: Upgrade) -> Job:
    assert upgrade.instance is not None  # noqa: S101 - deleted ones have an obstacle
    replaced = tuple(upgrade.replaced) if upgrade.rollout.activate else ()
    return jobs.submit(
        target=upgrade.instance,
        payload=UndoJob(upgrade.pk, replaced),
        queue=upgrade.rollout.queue,
    )


def _obstacle(upgrade: Upgrade) -> str:
    if upgrade.instance is None:
        return "it was deleted"
    if upgrade.instance.ref_set.is_archived:
        return "it was archived"
    return _of_appservers(upgrade) if upgrade.rollout.activate else ""


def _of_appservers(upgrade: Upgrade) -> str:
    if not upgrade.replaced:
        return "no app server served it before"
    appservers = OpenEdXAppServer.objects.filter(instance=upgrade.instance)
    running = appservers.filter(pk__in=upgrade.replaced, state=AppServerState.RUNNING)
    if running.count() != len(upgrade.replaced):
        return "the replaced app servers no longer run"
    active = appservers.filter(is_active=True).order_by("id").values_list("pk", flat=True)
    if list(active) != sorted(upgrade.appservers):
        return "app servers that are not of this rollout serve it now"
    if (gone := dropped(upgrade)) and not upgrade.backups.exists():
        return f"migrations dropped what the old release uses: {listed(gone)}"
    return ""
