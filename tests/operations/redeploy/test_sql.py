from collections.abc import Callable, Iterator

import pytest

from ocim.core.rollout import Rules
from ocim.core.spec import Database
from ocim.operations.redeploy import control
from ocim.store.models import OpenEdXInstance, Rollout, SqlRun
from ocim.store.specs import instance_spec
from tests.operations.redeploy.fleet import Fleet, of, states
from tests.world import Killed

MAKE = "CREATE TABLE seen (n INTEGER)"
COUNT = "INSERT INTO seen VALUES (1)"
BAD = "INSERT INTO nowhere VALUES (1)"


@pytest.fixture
def executed(fleet: Fleet) -> Iterator[list[tuple[Database, str]]]:
    """Every statement that reached a database."""
    seen: list[tuple[Database, str]] = []
    execute = fleet.world.databases.execute

    def noted(database: Database, statement: str) -> int:
        seen.append((database, statement))
        return execute(database, statement)

    fleet.world.databases.execute = noted  # type: ignore[method-assign]
    yield seen
    fleet.world.databases.close()


def run_of(statement: str) -> SqlRun:
    [run] = [one for one in SqlRun.objects.all() if one.statement == statement]
    return run


Executed = list[tuple[Database, str]]


def runs(rollout: Rollout, instance: OpenEdXInstance) -> list[tuple[str, str, int | None]]:
    found = of(rollout, instance).sql_runs.order_by("position")
    return list(found.values_list("statement", "state", "rows"))


def kill(fleet: Fleet, at: str, *, before: bool) -> None:
    """Let the process die once, at a statement: before it reaches the database, or after."""
    execute, alive = fleet.world.databases.execute, [True]

    def deadly(database: Database, statement: str) -> int:
        dies = statement == at and alive.pop() if alive else False
        if dies and before:
            raise Killed
        rows = execute(database, statement)
        if dies:
            raise Killed
        return rows

    fleet.world.databases.execute = deadly  # type: ignore[method-assign]


def test_statements_run_one_after_another_before_the_upgrade(
    fleet: Fleet, executed: Executed
) -> None:
    one = fleet.make()
    rollout = fleet.upgrade(sql=[MAKE, COUNT])
    assert [statement for _, statement in executed] == [MAKE, COUNT]
    assert runs(rollout, one) == [(MAKE, "done", 0), (COUNT, "done", 1)]


def test_they_run_with_the_instances_own_account(fleet: Fleet, executed: Executed) -> None:
    made = [fleet.make(), fleet.make()]
    fleet.upgrade(sql=[MAKE])
    context = fleet.world.context()
    own = [instance_spec(one, context.policy).databases["edxapp"] for one in made]
    assert [database for database, _ in executed] == own
    assert own[0] != own[1]


def test_one_that_fails_stops_nothing_and_is_kept_with_its_error(
    fleet: Fleet, executed: Executed
) -> None:
    one = fleet.make()
    rollout = fleet.upgrade(sql=[MAKE, BAD, COUNT])
    assert states(rollout) == ["successful"]
    assert [state for _, state, _ in runs(rollout, one)] == ["done", "failed", "done"]
    assert "nowhere" in run_of(BAD).error


def test_one_that_fails_fails_the_instance_where_that_is_wanted(
    fleet: Fleet, executed: Executed
) -> None:
    one = fleet.make(edx_platform_commit="old")
    new = fleet.next_id()
    rollout = fleet.upgrade(sql=[BAD, MAKE], strict_sql=True)
    assert states(rollout) == ["failed"]
    assert "nowhere" in of(rollout, one).failure
    one.refresh_from_db()
    assert one.edx_platform_commit == "old"
    assert fleet.next_id() == new


def test_a_second_attempt_runs_nothing_again(fleet: Fleet, executed: Executed) -> None:
    fleet.make()
    fleet.fail_on(fleet.next_id())
    rollout = fleet.upgrade(sql=[MAKE, COUNT], rules=Rules(num_attempts=2))
    assert states(rollout) == ["successful"]
    assert [statement for _, statement in executed] == [MAKE, COUNT]


def test_trying_again_later_runs_nothing_again(fleet: Fleet, executed: Executed) -> None:
    fleet.make()
    fleet.fail_on(fleet.next_id())
    rollout = fleet.upgrade(sql=[MAKE])
    assert states(rollout) == ["failed"]
    fleet.run(rollout, actions=control.retry(rollout))
    assert states(rollout) == ["successful"]
    assert len(executed) == 1


def test_another_rollout_runs_them_anew(fleet: Fleet, executed: Executed) -> None:
    fleet.make()
    fleet.upgrade(sql=[COUNT])
    fleet.upgrade(sql=[COUNT], tag="second")
    assert len(executed) == 2


@pytest.mark.parametrize("before", [True, False])
def test_what_was_under_way_when_the_worker_died_is_not_run_again(
    fleet: Fleet, executed: Executed, before: bool
) -> None:
    one = fleet.make()
    kill(fleet, COUNT, before=before)
    rollout = fleet.upgrade(sql=[MAKE, COUNT, "SELECT 1"])
    assert states(rollout) == ["successful"]
    assert [state for _, state, _ in runs(rollout, one)] == ["done", "failed", "done"]
    assert "it may have run, or not" in run_of(COUNT).error
    assert [statement for _, statement in executed].count(COUNT) == (0 if before else 1)


def test_a_worker_that_lost_the_instance_runs_nothing(fleet: Fleet, executed: Executed) -> None:
    one = fleet.make()
    execute = fleet.world.databases.execute
    second: list[Callable[[], object]] = [lambda: fleet.world.work(one.pk, worker="worker-2")]

    def slow(database: Database, statement: str) -> int:
        if second:  # it takes so long that another worker takes over, and comes to the end
            fleet.world.clock.forward(60)
            second.pop()()
        return execute(database, statement)

    fleet.world.databases.execute = slow  # type: ignore[method-assign]
    rollout = fleet.upgrade(sql=[MAKE, COUNT])
    assert states(rollout) == ["successful"]
    assert [statement for _, statement in executed].count(COUNT) == 1
