"""Commands that change how a rollout goes on: pause, resume, abort and retry."""

from django.db import transaction

from ocim.core.actions import Action, DriveRollout
from ocim.core.errors import Conflict
from ocim.core.rollout_commands import NEEDED, RolloutCommand, require_possible
from ocim.core.states import (
    ROLLOUT_TRANSITIONS,
    RolloutEventKind,
    RolloutState,
    UpgradeState,
    may_become,
)
from ocim.core.texts import plural
from ocim.operations.jobs import OPEN
from ocim.operations.rollouts.events import record_event
from ocim.store.models import Job, Rollout, Upgrade

_R = RolloutState
GOES_ON = {
    False: "Upgrades under way go on; only dry runs of migrations, backups and SQL end now.",
    True: "Upgrades under way end within seconds, and the old app servers serve on.",
}
"""Sentences that say what an abort does to upgrades under way, by whether they end `now`."""


def pause(rollout: Rollout, *, by: str = "") -> list[Action]:
    """Start no more upgrades for now; those under way go on. `by` names who wants it."""
    with transaction.atomic():
        _lock(rollout, RolloutCommand.PAUSE)
        _move(rollout, _R.PAUSED, reason=f"{by or 'Somebody'} paused it.")
        return record_event(rollout, RolloutEventKind.PAUSED, by=by)


def resume(rollout: Rollout, *, by: str = "") -> list[Action]:
    """Let the rollout go on: forgive the failures so far, and approve the wave that waits."""
    with transaction.atomic():
        _lock(rollout, RolloutCommand.RESUME)
        waiting = rollout.upgrades.filter(state=UpgradeState.PENDING).order_by("wave").first()
        wave = waiting.wave if waiting else rollout.approved_wave
        _move(rollout, _R.RUNNING, reason="", approved_wave=wave)
        rollout.upgrades.filter(state=UpgradeState.FAILED).update(forgiven=True)
        actions = record_event(rollout, RolloutEventKind.RESUMED, by=by)
    return [DriveRollout(rollout.pk), *actions]


def abort(rollout: Rollout, *, by: str = "", now: bool = False) -> list[Action]:
    """Start no more upgrades, for good.

    An upgrade that is at its dry run of migrations, backup or SQL ends within seconds. One that is
    further goes on to its end, unless `now` is set: then it ends within seconds, too, the old app
    servers serve on, and the settings are restored.
    """
    with transaction.atomic():
        _lock(rollout, RolloutCommand.ABORT)
        began = rollout.created if rollout.state == _R.SCHEDULED else rollout.begins_at
        _move(rollout, _R.ABORTED, reason=f"{by or 'Somebody'} aborted it.", begins_at=began)
        actions = record_event(rollout, RolloutEventKind.ABORTED, by=by)
        rollout.upgrades.filter(state=UpgradeState.PENDING).update(state=UpgradeState.CANCELLED)
        if now:
            under_way = rollout.upgrades.filter(state=UpgradeState.RUNNING).values("job")
            Job.objects.filter(pk__in=under_way, state__in=OPEN).update(cancel_requested=True)
    return [DriveRollout(rollout.pk), *actions]


def retry(rollout: Rollout, *, cause: str = "", by: str = "") -> list[Action]:
    """Upgrade the failed and the cancelled instances again, or only those that failed for a cause.

    Their settings are taken as they are now. SQL that was run is not run again. Pending upgrades of
    a rollout that stood still go on, too. Raise Conflict if there is nothing to retry.
    """
    states = [UpgradeState.FAILED] if cause else NEEDED[RolloutCommand.RETRY]
    with transaction.atomic():
        _lock(rollout, RolloutCommand.RETRY)
        upgrades = rollout.upgrades.filter(state__in=states, instance__isnull=False)
        if cause:
            upgrades = upgrades.filter(cause=cause)
        chosen = list(upgrades.select_related("instance"))
        if not chosen:
            wanted = "failed for this cause" if cause else "failed or was cancelled"
            raise Conflict(
                f"Nothing to retry in {rollout}: no instance {wanted}.",
                remedy=f"See `ocim rollout show {rollout.pk}`.",
            )
        for upgrade in chosen:
            upgrade.before = {name: getattr(upgrade.instance, name) for name in upgrade.after}
            upgrade.state = UpgradeState.PENDING
            upgrade.attempts = 0
            upgrade.not_before = None
            upgrade.forgiven = False
        fields = ["before", "state", "attempts", "not_before", "forgiven"]
        Upgrade.objects.bulk_update(chosen, fields, batch_size=500)
        if rollout.state != _R.RUNNING:
            _move(rollout, _R.RUNNING, reason="", ended_at=None)
            rollout.upgrades.filter(state=UpgradeState.FAILED).update(forgiven=True)
        what = cause or plural(len(chosen), "instance")
        actions = record_event(rollout, RolloutEventKind.RETRIED, reason=what, by=by)
    return [DriveRollout(rollout.pk), *actions]


def _lock(rollout: Rollout, command: RolloutCommand) -> None:
    """Read the rollout and lock its row, so that nobody drives it meanwhile.

    Raise Conflict unless the command is possible in its state.
    """
    rollout.refresh_from_db(from_queryset=Rollout.objects.select_for_update())
    require_possible(command, rollout, rollout.state)


def _move(rollout: Rollout, to: RolloutState, **fields: object) -> None:
    """Change the state, if the present one may be followed by it; raise Conflict otherwise."""
    changed = Rollout.objects.filter(
        pk=rollout.pk, state__in=may_become(to, ROLLOUT_TRANSITIONS)
    ).update(state=to, **fields)
    rollout.refresh_from_db()
    if not changed:
        raise Conflict(f"Cannot change the state of {rollout} from {rollout.state} to {to}.")
