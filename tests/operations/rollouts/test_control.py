from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from ocim.core.actions import Action, WorkOn
from ocim.core.errors import Conflict
from ocim.core.rollout import Rules
from ocim.core.rollout_commands import POSSIBLE, RolloutCommand
from ocim.core.states import RolloutState
from ocim.operations.rollouts import control, undo
from ocim.operations.rollouts.drive import drive, drive_all
from ocim.store.models import Job, OpenEdXAppServer, Rollout, Upgrade
from tests.operations.rollouts.fleet import Fleet, active, of, states
from tests.world import QUEUE


def paused(fleet: Fleet, instances: int = 2, **options: Any) -> Rollout:
    """Return a rollout that was paused at once."""
    for _ in range(instances):
        fleet.make()
    rollout = fleet.begin(fleet.plan(**options))
    control.pause(rollout)
    return rollout


def test_a_batch_is_never_exceeded(fleet: Fleet) -> None:
    for _ in range(5):
        fleet.make()
    at_once = []

    def count(_: Action) -> None:
        at_once.append(Upgrade.objects.filter(state="in progress").count())

    fleet.before_each = count
    assert states(fleet.upgrade(rules=Rules(batch_size=2))) == ["successful"] * 5
    assert max(at_once) == 2


def test_a_smaller_batch_waits_until_there_is_room(fleet: Fleet) -> None:
    for _ in range(4):
        fleet.make()
    rollout = fleet.begin(fleet.plan(), rules=Rules(batch_size=3))
    context = fleet.world.context()
    drive(rollout_id=rollout.pk, context=context)
    Rollout.objects.update(rules={**rollout.rules, "batch_size": 1})
    assert drive(rollout_id=rollout.pk, context=context) == []
    assert states(rollout).count("in progress") == 3
    fleet.run(actions=[WorkOn(job.lease_id, QUEUE) for job in Job.objects.filter(state="waiting")])
    assert states(rollout) == ["successful"] * 4


def test_looking_again_starts_nothing_twice(fleet: Fleet) -> None:
    fleet.make()
    rollout = fleet.begin(fleet.plan())
    context = fleet.world.context()
    assert len(drive(rollout_id=rollout.pk, context=context)) == 1
    assert drive(rollout_id=rollout.pk, context=context) == []
    assert Job.objects.filter(kind="upgrade").count() == 1


def test_what_is_paused_starts_nothing_until_it_is_resumed(fleet: Fleet) -> None:
    rollout = paused(fleet)
    fleet.run(rollout)
    assert (rollout.state, states(rollout)) == ("paused", ["pending"] * 2)
    fleet.run(rollout, actions=control.resume(rollout))
    assert (rollout.state, states(rollout)) == ("ended", ["successful"] * 2)


def test_it_can_be_aborted_while_it_is_paused(fleet: Fleet) -> None:
    rollout = paused(fleet)
    fleet.run(rollout, actions=control.abort(rollout))
    assert (rollout.state, states(rollout)) == ("ended", ["cancelled"] * 2)


def test_what_was_aborted_can_be_tried_again(fleet: Fleet) -> None:
    rollout = paused(fleet)
    fleet.run(rollout, actions=control.abort(rollout))
    fleet.run(rollout, actions=control.retry(rollout))
    assert (rollout.state, states(rollout)) == ("ended", ["successful"] * 2)


def test_no_attempt_follows_an_abort(fleet: Fleet) -> None:
    fleet.make()
    fleet.fail_on(fleet.next_id())
    rollout = fleet.begin(fleet.plan(), rules=Rules(num_attempts=3))
    provision = fleet.world.provisioner.provision

    def abort(*job: Any, **how: Any) -> Any:
        control.abort(rollout)
        return provision(*job, **how)

    fleet.world.provisioner.provision = abort  # type: ignore[method-assign]
    fleet.run(rollout)
    assert (rollout.state, states(rollout)) == ("ended", ["failed"])


@pytest.mark.parametrize("deed", [control.pause, control.resume, control.abort, control.retry])
def test_what_is_over_and_well_stays_so(fleet: Fleet, deed: Any) -> None:
    fleet.make()
    rollout = fleet.upgrade()
    with pytest.raises(Conflict):
        deed(rollout)
    rollout.refresh_from_db()
    assert rollout.state == "ended"


def test_what_runs_cannot_be_resumed(fleet: Fleet) -> None:
    fleet.make()
    with pytest.raises(Conflict, match="it is running"):
        control.resume(fleet.begin(fleet.plan()))


def test_one_cause_stops_the_rest_and_resuming_goes_on(fleet: Fleet) -> None:
    for _ in range(5):
        fleet.make()
    first = fleet.next_id()
    fleet.fail_on(first, first + 1)
    rollout = fleet.upgrade(rules=Rules(batch_size=1, max_same_cause=2))
    assert rollout.state == "paused"
    assert rollout.reason == "2 instances failed for one reason: install: no such tag"
    assert states(rollout) == ["failed"] * 2 + ["pending"] * 3
    fleet.run(rollout, actions=control.resume(rollout))
    assert (rollout.state, rollout.reason) == ("ended", "")
    assert states(rollout) == ["failed"] * 2 + ["successful"] * 3


def test_those_of_one_cause_are_tried_again(fleet: Fleet) -> None:
    item, other = fleet.make(), fleet.make()
    first = fleet.next_id()
    fleet.fail_on(first)
    fleet.fail_on(first + 1, message="no space left")
    rollout = fleet.upgrade()
    assert states(rollout) == ["failed"] * 2
    fleet.run(rollout, actions=control.retry(rollout, cause=of(rollout, other).cause))
    assert of(rollout, item).state == "failed"
    assert of(rollout, other).state == "successful"


def test_the_rest_waits_for_the_canary_and_for_a_person(fleet: Fleet) -> None:
    for _ in range(3):
        fleet.make()
    rollout = fleet.upgrade(canary=1, rules=Rules(batch_size=3, approve_waves=True))
    assert (rollout.state, states(rollout)) == ("paused", ["successful", "pending", "pending"])
    assert "Wave 2 waits" in rollout.reason
    fleet.run(rollout, actions=control.resume(rollout))
    assert states(rollout) == ["successful"] * 3


def test_a_canary_that_fails_stops_the_rest(fleet: Fleet) -> None:
    for _ in range(3):
        fleet.make()
    fleet.fail_on(fleet.next_id())
    rollout = fleet.upgrade(canary=1)
    assert (rollout.state, states(rollout)) == ("paused", ["failed", "pending", "pending"])


def test_what_was_forgotten_is_looked_at_again(fleet: Fleet) -> None:
    fleet.make()
    rollout = fleet.begin(fleet.plan())
    fleet.run(rollout, actions=list(drive_all()))
    assert rollout.state == "ended"
    assert drive_all() == []


def test_two_rollouts_a_spawn_and_an_archive_do_not_interleave(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    first = fleet.begin(fleet.plan(sql=["SELECT 1"]))
    second = fleet.begin(fleet.plan(tag="second", update={"edx_platform_commit": "newest"}))
    fleet.world.request_spawn(make, activate=True)
    seen: list[str] = []

    def look(_: object) -> Any:
        running = Job.objects.filter(instance=make, state="running")
        seen.append(" ".join(running.values_list("kind", flat=True)))
        return reply(_)  # type: ignore[arg-type]

    reply = fleet.world.prober.reply
    fleet.world.prober.reply = look
    fleet.run(first, second)
    assert states(first) == ["successful"]
    assert states(second) == ["failed"]
    assert "changed after this was planned" in of(second, make).failure
    assert set(seen) <= {"upgrade", "spawn", "activate"}
    [serving] = active(make)
    make.refresh_from_db()
    assert make.edx_platform_commit == "opencraft-release/juniper.2"
    fleet.world.submit("archive", OpenEdXAppServer.objects.get(pk=serving))
    third = fleet.begin(fleet.plan(tag="third", update={"edx_platform_commit": "newest"}))
    fleet.run(third)
    assert states(third) == ["failed"]
    assert "archived" in of(third, make).failure


def test_an_abort_now_ends_what_is_under_way(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    was = active(make)
    provision = fleet.world.provisioner.provision

    def abort(*job: Any, **how: Any) -> Any:
        control.abort(Rollout.objects.get(), now=True)
        return provision(*job, **how)

    fleet.world.provisioner.provision = abort  # type: ignore[method-assign]
    rollout = fleet.upgrade(rules=Rules(num_attempts=3))
    assert (states(rollout), active(make)) == (["failed"], was)
    assert of(rollout, make).attempts == 1
    make.refresh_from_db()
    assert make.edx_platform_commit == "old"


GIVE: dict[RolloutCommand, Callable[[Rollout], object]] = {
    RolloutCommand.PAUSE: control.pause,
    RolloutCommand.RESUME: control.resume,
    RolloutCommand.ABORT: control.abort,
    RolloutCommand.RETRY: control.retry,
    RolloutCommand.UNDO: undo.request,
}


@pytest.mark.parametrize("state, command", list(product(RolloutState, GIVE)))
def test_a_command_is_refused_just_where_the_table_does_not_have_it(
    fleet: Fleet, state: RolloutState, command: RolloutCommand
) -> None:
    fleet.make()
    rollout = fleet.begin(fleet.plan())
    Rollout.objects.update(state=state)
    rollout.refresh_from_db()
    problem = ""
    try:
        GIVE[command](rollout)
    except Conflict as error:
        problem = error.problem
    is_refused = problem == f"Cannot {command} {rollout}: it is {state}."
    assert is_refused is (command not in POSSIBLE[state])
