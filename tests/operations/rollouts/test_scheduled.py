"""Rollouts that begin at a time, and what may happen until then."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from ocim.core.access import Role
from ocim.core.actions import DriveRollout
from ocim.core.errors import ValidationError
from ocim.operations import instances, people
from ocim.operations.rollouts import control
from ocim.operations.rollouts.begin import begin
from ocim.operations.rollouts.drive import drive_all
from ocim.operations.rollouts.report import report
from ocim.store.models import AuditEntry, OpenEdXInstance, Rollout
from tests.operations.rollouts.fleet import Fleet, of, states
from tests.operations.rollouts.test_holds import hold

HOUR = 3600


def scheduled(fleet: Fleet, creator: User | None = None, **options: Any) -> Rollout:
    """Return a rollout that somebody scheduled, of all instances, in an hour."""
    at = (fleet.world.clock() + timedelta(seconds=HOUR)).isoformat()
    who = {"creator_id": creator.pk} if creator else {"started_by": "ann on rack-1"}
    rollout, actions = begin(fleet.plan(at=at, **options), context=fleet.world.context(), **who)
    assert actions == [DriveRollout(rollout.pk, rollout.begins_at)]
    return rollout


def begins(fleet: Fleet, rollout: Rollout, *, late: int = 0) -> str:
    """Let the time of the rollout come, and return the event's reason."""
    fleet.world.clock.forward(HOUR + late)
    fleet.run(rollout, actions=[*drive_all()])
    event = rollout.events.filter(kind__in=("begun", "aborted")).get()
    return event.reason


def test_nothing_happens_before_its_time(fleet: Fleet) -> None:
    fleet.make()
    rollout = scheduled(fleet)
    fleet.world.clock.forward(HOUR - 1)
    fleet.run(rollout, actions=[*drive_all()])
    assert (rollout.state, states(rollout)) == ("scheduled", ["pending"])
    assert report(rollout.pk, fleet.world.clock()).seconds == 0


def test_it_begins_at_its_time(fleet: Fleet) -> None:
    fleet.make()
    rollout = scheduled(fleet)
    assert begins(fleet, rollout) == "Nothing differs from the plan."
    assert (rollout.state, states(rollout)) == ("ended", ["successful"])
    entry = AuditEntry.objects.get(action="rollout.begin")
    assert (entry.actor_kind, entry.actor_name) == ("worker", "ann on rack-1")
    assert AuditEntry.objects.filter(action="rollout.schedule").exists()


def test_a_lost_message_delays_it_no_longer_than_the_workers_round(fleet: Fleet) -> None:
    fleet.make()
    rollout = scheduled(fleet)
    fleet.run(rollout, actions=[DriveRollout(rollout.pk, rollout.begins_at)])
    assert rollout.state == "ended"


def test_what_changed_since_is_planned_anew_and_told(fleet: Fleet) -> None:
    held, edited, same = fleet.make(), fleet.make(), fleet.make()
    gone = fleet.make()
    rollout = scheduled(fleet)
    hold(fleet, held)
    instances.change(
        instance_id=edited.pk,
        changes={"edx_platform_commit": "edited"},
        context=fleet.world.context(),
    )
    OpenEdXInstance.objects.filter(pk=gone.pk).delete()
    joined = fleet.make()
    reason = begins(fleet, rollout)
    assert reason == (
        f"Since it was confirmed, these joined: {joined}."
        f" Left out since: {held} (it is held: exams) and {gone}."
        f" Other values change than confirmed in {edited}."
    )
    upgraded = {upgrade.instance_id for upgrade in rollout.upgrades.all()}
    assert upgraded == {edited.pk, same.pk, joined.pk}
    assert states(rollout) == ["successful"] * 3
    assert of(rollout, edited).before == {"edx_platform_commit": "edited"}


def test_the_names_of_many_instances_are_not_all_told(fleet: Fleet) -> None:
    fleet.make()
    rollout = scheduled(fleet)
    for _ in range(7):
        fleet.make()
    assert " and 2 more." in begins(fleet, rollout)


def test_who_aborts_it_keeps_it_from_beginning(fleet: Fleet) -> None:
    fleet.make()
    rollout = scheduled(fleet)
    fleet.run(rollout, actions=control.abort(rollout, by="ann"))
    fleet.world.clock.forward(HOUR)
    fleet.run(rollout, actions=[DriveRollout(rollout.pk)])
    assert (rollout.state, states(rollout)) == ("ended", ["cancelled"])


def test_it_does_not_begin_in_the_morning_after_a_night_without_workers(fleet: Fleet) -> None:
    fleet.make()
    rollout = scheduled(fleet)
    assert "no worker ran at" in begins(fleet, rollout, late=HOUR + 1)
    assert (rollout.state, states(rollout)) == ("ended", ["cancelled"])
    assert "no worker ran" in rollout.reason


def test_it_is_aborted_if_nothing_is_left_to_upgrade(fleet: Fleet) -> None:
    held = fleet.make()
    rollout = scheduled(fleet)
    hold(fleet, held)
    assert "No instance is to be upgraded any more." in begins(fleet, rollout)
    assert "(it is held: exams)" in rollout.reason
    assert rollout.state == "ended"


def test_only_what_its_creator_may_release_by_then_is_upgraded(fleet: Fleet) -> None:
    own, other = fleet.make(), fleet.make()
    own.ref_set.organization = "ACME"
    own.ref_set.save()
    ann = User.objects.create_user("ann")
    people.grant(user=ann, role=Role.RELEASER)
    rollout = scheduled(fleet, ann)
    people.revoke(user=ann)
    people.grant(user=ann, role=Role.RELEASER, organization="ACME")
    assert begins(fleet, rollout) == f"Left out since: {other}."
    assert rollout.upgrades.get().instance_id == own.pk


@pytest.mark.parametrize("how", ["removed", "disabled", "without a role"])
def test_it_does_not_begin_for_who_may_not_release_any_more(fleet: Fleet, how: str) -> None:
    fleet.make()
    ann = User.objects.create_user("ann")
    people.grant(user=ann, role=Role.RELEASER)
    rollout = scheduled(fleet, ann)
    if how == "removed":
        ann.delete()
    elif how == "disabled":
        User.objects.update(is_active=False)
    else:
        people.revoke(user=ann)
    reason = begins(fleet, rollout)
    expected = "The account that scheduled it was removed." if how == "removed" else "ann may not"
    assert expected in reason
    assert rollout.state == "ended"


def test_a_time_that_has_passed_is_refused(fleet: Fleet) -> None:
    fleet.make()
    at = (fleet.world.clock() + timedelta(seconds=HOUR)).isoformat()
    plan = fleet.plan(at=at)
    fleet.world.clock.forward(HOUR)
    for late in (lambda: fleet.plan(at=at), lambda: begin(plan, context=fleet.world.context())):
        with pytest.raises(ValidationError, match="is in the past"):
            late()
    assert not Rollout.objects.exists()
