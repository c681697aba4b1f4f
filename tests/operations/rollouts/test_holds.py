from datetime import timedelta
from typing import Any

import pytest

from ocim.core.actions import Action, DriveRollout, WorkOn
from ocim.core.errors import Conflict, ValidationError
from ocim.operations import holds
from ocim.operations.rollouts import control
from ocim.operations.rollouts.report import report
from ocim.store.models import OpenEdXInstance
from tests.operations.rollouts.fleet import Fleet, of, states

WHY = "exams"


def hold(
    fleet: Fleet,
    instance: OpenEdXInstance,
    *,
    reason: str = WHY,
    since: int | None = None,
    until: int | None = None,
) -> None:
    """Hold instances from and until a number of days from now."""
    first, last = (
        None if days is None else (fleet.world.clock() + timedelta(days=days)).date()
        for days in (since, until)
    )
    context = fleet.world.context()
    holds.hold(instance.pk, reason=reason, since=first, until=last, context=context)


def test_a_held_instance_is_left_out_with_the_reason(fleet: Fleet) -> None:
    held, other = fleet.make(), fleet.make()
    hold(fleet, held)
    plan = fleet.plan()
    assert [item.instance_id for item in plan.items] == [other.pk]
    assert plan.left_out == ((str(held), "it is held: exams"),)


def test_a_hold_that_ran_out_does_not_hold(fleet: Fleet) -> None:
    hold(fleet, fleet.make(), until=1)
    assert not fleet.plan().items
    fleet.world.clock.forward(2 * 24 * 3600)
    assert len(fleet.plan().items) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"until": -1}, {"reason": " "}, {"reason": "a\nb"}, {"since": 2, "until": 1}],
)
def test_past_days_or_no_reason_are_refused(fleet: Fleet, wrong: dict[str, Any]) -> None:
    instance = fleet.make()
    with pytest.raises(ValidationError):
        hold(fleet, instance, **wrong)
    assert len(fleet.plan().items) == 1


def test_one_that_is_held_after_the_beginning_is_not_started(fleet: Fleet) -> None:
    held, other = fleet.make(), fleet.make()
    rollout = fleet.begin(fleet.plan())
    hold(fleet, held)
    fleet.run(rollout)
    assert (of(rollout, held).state, of(rollout, other).state) == ("pending", "successful")
    assert (rollout.state, rollout.reason) == ("paused", "All pending instances are held (1).")
    output = {line.id: line.held for line in report(rollout.pk, fleet.world.clock()).instances}
    assert output == {held.pk: WHY, other.pk: ""}


def test_one_that_waits_for_a_worker_is_not_begun_once_it_is_held(fleet: Fleet) -> None:
    instance = fleet.make()
    rollout = fleet.begin(fleet.plan())

    def hold_before_work(action: Action) -> None:
        if isinstance(action, WorkOn):
            hold(fleet, instance)

    fleet.before_each = hold_before_work
    fleet.run(rollout)
    upgrade = of(rollout, instance)
    assert (upgrade.state, upgrade.attempts, rollout.state) == ("pending", 0, "paused")


def test_one_that_is_to_be_held_later_is_planned_with(fleet: Fleet) -> None:
    hold(fleet, fleet.make(), since=1, until=3)
    assert len(fleet.plan().items) == 1


def test_what_comes_into_its_days_of_rest_waits_for_their_end(fleet: Fleet) -> None:
    instance = fleet.make()
    hold(fleet, instance, since=1, until=3)
    rollout = fleet.begin(fleet.plan())
    fleet.world.clock.forward(24 * 3600)
    fleet.run(rollout)
    assert (rollout.state, states(rollout)) == ("ended", ["successful"])
    began = of(rollout, instance).started_at
    assert began
    assert began.isoformat() == "2026-05-08T00:00:00+00:00"


def test_what_is_released_goes_on(fleet: Fleet) -> None:
    held = fleet.make()
    rollout = fleet.begin(fleet.plan())
    hold(fleet, held)
    fleet.run(rollout)
    assert holds.release(held.pk) == []  # it is paused
    fleet.run(rollout, actions=control.resume(rollout))
    assert (rollout.state, states(rollout)) == ("ended", ["successful"])


def test_a_rollout_that_runs_looks_again_when_one_is_released(fleet: Fleet) -> None:
    held = fleet.make()
    rollout = fleet.begin(fleet.plan())
    hold(fleet, held)
    assert holds.release(held.pk) == [DriveRollout(rollout.pk)]


def test_the_fleet_does_not_go_on_without_its_canaries(fleet: Fleet) -> None:
    for _ in range(3):
        fleet.make()
    rollout = fleet.begin(fleet.plan(canary=1))
    canary = rollout.upgrades.get(wave=0).instance
    assert canary is not None
    hold(fleet, canary)
    fleet.run(rollout)
    assert (rollout.state, states(rollout)) == ("paused", ["pending"] * 3)
    assert rollout.reason == "Every instance of the earlier waves is held (1)."


def test_what_is_not_held_cannot_be_released(fleet: Fleet) -> None:
    with pytest.raises(Conflict, match="not held"):
        holds.release(fleet.make().pk)
