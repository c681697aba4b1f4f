"""Pause, resume, abort, retry: from any terminal, at any time."""

from django.db import transaction

from ocim.core.actions import Action, DriveRollout
from ocim.core.errors import Conflict
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
    False: "What is under way goes on to its end; dry runs of migrations, backups and SQL end now.",
    True: "What is under way is ended within seconds, and the old app servers serve on.",
}
"""What becomes of upgrades that are under way at an abort, by whether they are to end `now`."""


def pause(rollout: Rollout, *, by: str = "") -> list[Action]:
    """Start no more; what is under way goes on to its end. `by` says who wants it so."""
    with transaction.atomic():
        _move(rollout, _R.PAUSED, reason=f"{by or 'Somebody'} paused it.")
        return record_event(rollout, RolloutEventKind.PAUSED, by=by)


def resume(rollout: Rollout, *, by: str = "") -> list[Action]:
    """Go on; failures so far stop it no more, and a wave that waits for approval has it."""
    with transaction.atomic():
        if _locked(rollout).state != _R.PAUSED:
            raise Conflict(f"{rollout} is {rollout.state}, not paused.")
        waiting = rollout.upgrades.filter(state=UpgradeState.PENDING).order_by("wave").first()
        wave = waiting.wave if waiting else rollout.approved_wave
        _move(rollout, _R.RUNNING, reason="", approved_wave=wave)
        rollout.upgrades.filter(state=UpgradeState.FAILED).update(forgiven=True)
        actions = record_event(rollout, RolloutEventKind.RESUMED, by=by)
    return [DriveRollout(rollout.pk), *actions]


def abort(rollout: Rollout, *, by: str = "", now: bool = False) -> list[Action]:
    """Start no more, for good. Works while it is paused.

    An upgrade that is at its dry run of migrations, backup or SQL is ended within seconds. One that
    is further goes on to its end, unless it is to be ended `now`, too: then the old app servers
    serve on, and the settings go back.
    """
    with transaction.atomic():
        _move(rollout, _R.ABORTED, reason=f"{by or 'Somebody'} aborted it.")
        actions = record_event(rollout, RolloutEventKind.ABORTED, by=by)
        rollout.upgrades.filter(state=UpgradeState.PENDING).update(state=UpgradeState.CANCELLED)
        if now:
            under_way = rollout.upgrades.filter(state=UpgradeState.RUNNING).values("job")
            Job.objects.filter(pk__in=under_way, state__in=OPEN).update(cancel_requested=True)
    return [DriveRollout(rollout.pk), *actions]


def retry(rollout: Rollout, *, cause: str = "", by: str = "") -> list[Action]:
    """Try the failed and the cancelled again, or just those that failed for one cause.

    Their settings are taken as they are now; SQL that was run is not run again. What waits in a
    rollout that stood still goes on, too.
    """
    states = [UpgradeState.FAILED] if cause else [UpgradeState.FAILED, UpgradeState.CANCELLED]
    with transaction.atomic():
        _locked(rollout)
        found = rollout.upgrades.filter(state__in=states, instance__isnull=False)
        if cause:
            found = found.filter(cause=cause)
        chosen = list(found.select_related("instance"))
        if not chosen:
            raise Conflict("There is nothing to be tried again.")
        for upgrade in chosen:
            upgrade.before = {name: getattr(upgrade.instance, name) for name in upgrade.after}
            upgrade.state = UpgradeState.PENDING
            upgrade.attempts = 0
            upgrade.not_before = None
            upgrade.forgiven = False
        again = ["before", "state", "attempts", "not_before", "forgiven"]
        Upgrade.objects.bulk_update(chosen, again, batch_size=500)
        if rollout.state != _R.RUNNING:
            _move(rollout, _R.RUNNING, reason="", ended_at=None)
            rollout.upgrades.filter(state=UpgradeState.FAILED).update(forgiven=True)
        what = cause or plural(len(chosen), "instance")
        actions = record_event(rollout, RolloutEventKind.RETRIED, reason=what, by=by)
    return [DriveRollout(rollout.pk), *actions]


def _locked(rollout: Rollout) -> Rollout:
    """The rollout as it is, so that nobody drives it meanwhile."""
    rollout.refresh_from_db(from_queryset=Rollout.objects.select_for_update())
    return rollout


def _move(rollout: Rollout, to: RolloutState, **fields: object) -> None:
    changed = Rollout.objects.filter(
        pk=rollout.pk, state__in=may_become(to, ROLLOUT_TRANSITIONS)
    ).update(state=to, **fields)
    rollout.refresh_from_db()
    if not changed:
        raise Conflict(f"{rollout} is {rollout.state}, and cannot become {to}.")
