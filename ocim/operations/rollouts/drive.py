"""The driving of rollouts: one transaction does what the core decides."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from ocim.core import rollout as core
from ocim.core.actions import Action, DriveRollout
from ocim.core.holds import Hold
from ocim.core.jobs import UpgradeJob
from ocim.core.states import RolloutEventKind, RolloutState, StepState, UpgradeState
from ocim.operations import jobs
from ocim.operations.context import Context
from ocim.operations.rollouts.events import record_event
from ocim.operations.rollouts.journal import close_steps
from ocim.operations.rollouts.scheduled import begin_due
from ocim.store.models import Rollout, Upgrade

FIELDS = (
    "id",
    "state",
    "wave",
    "attempts",
    "not_before",
    "started_at",
    "cause",
    "forgiven",
)
"""Fields of an upgrade that the core decides on."""


def drive(*, rollout_id: int, context: Context) -> list[Action]:
    """Start the upgrades that may start now; first begin the rollout if its time has come.

    It is safe to call this at any time, any number of times: the rollout's row is locked, so that
    no slot is filled twice.
    """
    now = context.now()
    actions = begin_due(rollout_id, context)
    with transaction.atomic():
        rollout = Rollout.objects.select_for_update().get(pk=rollout_id)
        _settle_orphans(rollout, now)
        decision = core.decide(record_of(rollout, now), now)
        actions += [_start(rollout, pk, now) for pk in decision.start]
        if decision.pause:
            _move(rollout, RolloutState.PAUSED, reason=decision.pause)
            actions += record_event(rollout, RolloutEventKind.STOPPED, reason=decision.pause)
        elif decision.end and rollout.state != RolloutState.ENDED:
            _move(rollout, RolloutState.ENDED, ended_at=now)
            actions += record_event(rollout, RolloutEventKind.ENDED)
    if decision.look_again:
        actions.append(DriveRollout(rollout.pk, decision.look_again))
    return actions


def drive_all() -> list[Action]:
    """Return an action for every rollout that has not ended: messages may have been lost."""
    alive = Rollout.objects.exclude(state=RolloutState.ENDED)
    return [DriveRollout(pk) for pk in alive.values_list("pk", flat=True)]


def record_of(rollout: Rollout, now: datetime) -> core.Record:
    """Return what the core decides on. One query."""
    rows = rollout.upgrades.order_by("wave", "id").values(
        *FIELDS,
        time_zone=Coalesce("instance__time_zone", Value("UTC")),
        reason=Coalesce("instance__ref_set__hold_reason", Value("")),
        since=F("instance__ref_set__held_from"),
        until=F("instance__ref_set__held_until"),
    )
    return core.Record(
        state=RolloutState(rollout.state),
        rules=core.Rules.from_json(rollout.rules),
        upgrades=[_upgrade(row, now) for row in rows],
        approved_wave=rollout.approved_wave,
    )


def _upgrade(row: Mapping[str, Any], now: datetime) -> core.Upgrade:
    hold = Hold(row["reason"], row["since"], row["until"], row["time_zone"])
    is_held = bool(hold.on(now))
    return core.Upgrade(
        id=row["id"],
        state=UpgradeState(row["state"]),
        wave=row["wave"],
        attempts=row["attempts"],
        not_before=row["not_before"],
        started_at=row["started_at"],
        cause=row["cause"],
        forgiven=row["forgiven"],
        time_zone=row["time_zone"],
        held=is_held,
        held_until=hold.ends_at if is_held else None,
    )


def _start(rollout: Rollout, upgrade_id: int, now: datetime) -> Action:
    upgrade = Upgrade.objects.select_related("instance").get(pk=upgrade_id)
    assert upgrade.instance is not None  # noqa: S101 - orphans were settled
    job = jobs.submit(
        target=upgrade.instance,
        payload=UpgradeJob(upgrade.pk),
        queue=rollout.queue,
        creator_id=rollout.creator_id,
    )
    Upgrade.objects.filter(pk=upgrade.pk, state=UpgradeState.PENDING).update(
        state=UpgradeState.RUNNING,
        step="waiting for a worker",
        attempts=upgrade.attempts + 1,
        started_at=now,
        ended_at=None,
        job=job,
    )
    return jobs.wake_up(job)


def _settle_orphans(rollout: Rollout, now: datetime) -> None:
    """End the upgrades of instances that were deleted meanwhile."""
    orphans = rollout.upgrades.filter(instance=None)
    reason = "The instance was deleted."
    running = orphans.filter(state=UpgradeState.RUNNING).values_list("pk", flat=True)
    if ids := list(running):
        close_steps(ids, StepState.INTERRUPTED, now)
    orphans.filter(state=UpgradeState.RUNNING).update(
        state=UpgradeState.FAILED, failure=reason, cause=reason, ended_at=now
    )
    orphans.filter(state=UpgradeState.PENDING).update(
        state=UpgradeState.CANCELLED, failure=reason, ended_at=now
    )


def _move(rollout: Rollout, to: RolloutState, **fields: object) -> None:
    Rollout.objects.filter(pk=rollout.pk, state=rollout.state).update(state=to, **fields)
