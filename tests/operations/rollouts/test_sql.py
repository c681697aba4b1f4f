from collections.abc import Callable, Iterator

import pytest

from ocim.core import stopping
from ocim.core.instance import Database
from ocim.core.rollout import Rules
from ocim.operations.jobs import cancel
from ocim.operations.rollouts import control
from ocim.store.models import Job, OpenEdXInstance, Rollout, SqlRun
from ocim.store.specs import instance_spec
from tests.operations.rollouts.fleet import Fleet, of, states
from tests.sql import ENDLESS, execute
from tests.world import Killed

MAKE = "CREATE TABLE seen (n INTEGER)"
COUNT = "INSERT INTO seen VALUES (1)"
BAD = "INSERT INTO nowhere VALUES (1)"


@pytest.fixture
def executed(fleet: Fleet) -> Iterator[list[tuple[Database, str]]]:
    """Yield every statement that reached a database."""
    seen: list[tuple[Database, str]] = []
    fleet.world.databases.before = lambda *statement: seen.append(statement)
    yield seen
    fleet.world.databases.close()


def run_of(statement: str) -> SqlRun:
    [run] = [item for item in SqlRun.objects.all() if item.statement == statement]
    return run


Executed = list[tuple[Database, str]]


def runs(rollout: Rollout, instance: OpenEdXInstance) -> list[tuple[str, str, int | None]]:
    result = of(rollout, instance).sql_runs.order_by("position")
    return list(result.values_list("statement", "state", "rows"))


def kill(fleet: Fleet, at: str, *, before: bool) -> None:
    """Let the process die once, at a statement: before it reaches the database, or after."""
    databases, alive = fleet.world.databases, [True]
    noted = databases.before

    def deadly(_database: Database, statement: str) -> None:
        if statement == at and alive:
            alive.pop()
            raise Killed

    def on_its_way(database: Database, statement: str) -> None:
        if before:
            deadly(database, statement)
        noted(database, statement)

    databases.before = on_its_way
    databases.after = deadly


def test_statements_run_one_after_another_before_the_upgrade(
    fleet: Fleet, executed: Executed
) -> None:
    make = fleet.make()
    rollout = fleet.upgrade(sql=[MAKE, COUNT])
    assert [statement for _, statement in executed] == [MAKE, COUNT]
    assert runs(rollout, make) == [(MAKE, "done", 0), (COUNT, "done", 1)]


def test_they_run_with_the_instances_own_account(fleet: Fleet, executed: Executed) -> None:
    made = [fleet.make(), fleet.make()]
    fleet.upgrade(sql=[MAKE])
    context = fleet.world.context()
    own = [instance_spec(item, context.policy).databases["edxapp"] for item in made]
    assert [database for database, _ in executed] == own
    assert own[0] != own[1]


def test_one_that_fails_stops_nothing_and_is_kept_with_its_error(
    fleet: Fleet, executed: Executed
) -> None:
    make = fleet.make()
    rollout = fleet.upgrade(sql=[MAKE, BAD, COUNT])
    assert states(rollout) == ["successful"]
    assert [state for _, state, _ in runs(rollout, make)] == ["done", "failed", "done"]
    assert "nowhere" in run_of(BAD).error


def test_one_that_fails_fails_the_instance_where_that_is_wanted(
    fleet: Fleet, executed: Executed
) -> None:
    make = fleet.make(edx_platform_commit="old")
    new = fleet.next_id()
    rollout = fleet.upgrade(sql=[BAD, MAKE], strict_sql=True)
    assert states(rollout) == ["failed"]
    assert "nowhere" in of(rollout, make).failure
    make.refresh_from_db()
    assert make.edx_platform_commit == "old"
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
    make = fleet.make()
    kill(fleet, COUNT, before=before)
    rollout = fleet.upgrade(sql=[MAKE, COUNT, "SELECT 1"])
    assert states(rollout) == ["successful"]
    assert [state for _, state, _ in runs(rollout, make)] == ["done", "failed", "done"]
    assert "it may have run, or not" in run_of(COUNT).error
    assert [statement for _, statement in executed].count(COUNT) == (0 if before else 1)


def test_a_worker_that_lost_the_instance_runs_nothing(fleet: Fleet, executed: Executed) -> None:
    make = fleet.make()
    noted = fleet.world.databases.before
    second: list[Callable[[], object]] = [lambda: fleet.world.work(make, worker="worker-2")]

    def slow(database: Database, statement: str) -> None:
        if second:  # it takes so long that another worker takes over, and comes to the end
            fleet.world.clock.forward(60)
            second.pop()()
        noted(database, statement)

    fleet.world.databases.before = slow
    rollout = fleet.upgrade(sql=[MAKE, COUNT])
    assert states(rollout) == ["successful"]
    assert [statement for _, statement in executed].count(COUNT) == 1


def states_of(rollout: Rollout, instance: OpenEdXInstance) -> list[str]:
    return [state for _, state, _ in runs(rollout, instance)]


def seen_by(fleet: Fleet, instance: OpenEdXInstance) -> int:
    database = instance_spec(instance, fleet.world.policy).databases["edxapp"]
    return execute(fleet.world.databases, database, "UPDATE seen SET n = 1")


def test_they_share_a_session(fleet: Fleet, executed: Executed) -> None:
    make = fleet.make()
    chosen = "CREATE TEMPORARY TABLE chosen AS SELECT 1 AS n"
    rollout = fleet.upgrade(sql=[MAKE, chosen, "INSERT INTO seen SELECT n FROM chosen"])
    assert states_of(rollout, make) == ["done", "done", "done"]
    assert seen_by(fleet, make) == 1


def test_a_transaction_of_the_operators_is_done_when_it_is_committed(
    fleet: Fleet, executed: Executed
) -> None:
    make = fleet.make()
    rollout = fleet.upgrade(sql=[MAKE, "BEGIN", COUNT, BAD, COUNT, "COMMIT", COUNT])
    assert states_of(rollout, make) == ["done", "done", "done", "failed", "done", "done", "done"]
    assert seen_by(fleet, make) == 3


def test_a_transaction_that_the_operator_takes_back_is_told_as_such(
    fleet: Fleet, executed: Executed
) -> None:
    make = fleet.make()
    rollout = fleet.upgrade(sql=[MAKE, "BEGIN", COUNT, "ROLLBACK"], strict_sql=True)
    assert states_of(rollout, make) == ["done", "rolled back", "rolled back", "done"]
    assert (states(rollout), seen_by(fleet, make)) == (["successful"], 0)


def test_a_transaction_that_is_left_open_is_taken_back_and_told(
    fleet: Fleet, executed: Executed
) -> None:
    make = fleet.make()
    rollout = fleet.upgrade(sql=[MAKE, "BEGIN", COUNT])
    assert states_of(rollout, make) == ["done", "failed", "failed"]
    assert of(rollout, make).sql_runs.get(position=2).error == "Not committed: no COMMIT follows."
    assert seen_by(fleet, make) == 0


LOSES = "INSERT OR ROLLBACK INTO single VALUES (1), (1)"


def test_where_a_transaction_is_lost_its_rest_is_not_run_and_what_follows_is(
    fleet: Fleet, executed: Executed
) -> None:
    make = fleet.make()
    single = "CREATE TABLE single (n INTEGER UNIQUE)"
    sql = [MAKE, single, "BEGIN", COUNT, LOSES, COUNT, "COMMIT", COUNT]
    rollout = fleet.upgrade(sql=sql)
    assert states_of(rollout, make) == ["done"] * 2 + ["failed"] * 5 + ["done"]
    errors = of(rollout, make).sql_runs.order_by("position").values_list("error", flat=True)
    lost = [error for error in errors if error]
    assert [error.partition(":")[0] for error in lost] == [
        "Not committed", "Not committed", "SQLite says", "Not run", "Not run",
    ]  # fmt: skip
    assert "statement 5 failed" in lost[0]
    assert seen_by(fleet, make) == 1


@pytest.mark.parametrize(
    "at, told, committed",
    [
        (COUNT, "Not committed: its worker died before COMMIT.", 0),
        ("COMMIT", "it may be committed, or not", 1),
    ],
)
def test_what_was_not_committed_when_the_worker_died_is_not_done(
    fleet: Fleet, executed: Executed, at: str, told: str, committed: int
) -> None:
    make = fleet.make()
    kill(fleet, at, before=False)
    rollout = fleet.upgrade(sql=[MAKE, "BEGIN", COUNT, "COMMIT", "SELECT 1"])
    assert states_of(rollout, make) == ["done", "failed", "failed", "failed", "done"]
    begin, after = (of(rollout, make).sql_runs.get(position=at) for at in (1, 4))
    assert told in begin.error
    assert "new session" in after.note
    assert seen_by(fleet, make) == committed
    assert [statement for _, statement in executed].count("COMMIT") == committed


def test_a_statement_that_is_over_its_time_fails_and_the_next_one_runs(
    fleet: Fleet, executed: Executed
) -> None:
    make = fleet.make()
    fleet.world.databases.statement_timeout = 0.2
    rollout = fleet.upgrade(sql=[MAKE, ENDLESS, COUNT])
    assert states(rollout) == ["successful"]
    assert states_of(rollout, make) == ["done", "failed", "done"]


def at_statement(fleet: Fleet, at: str, act: Callable[[], object]) -> None:
    """Do something once a statement is about to run."""
    before = fleet.world.databases.before

    def noticed(database: Database, statement: str) -> None:
        before(database, statement)
        if statement == at:
            act()

    fleet.world.databases.before = noticed


def test_a_rollout_that_is_aborted_ends_a_statement_without_end(
    fleet: Fleet, executed: Executed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "EVERY", 0.1)
    make = fleet.make(edx_platform_commit="old")
    at_statement(fleet, ENDLESS, lambda: control.abort(Rollout.objects.get()))
    rollout = fleet.upgrade(sql=[MAKE, "BEGIN", COUNT, ENDLESS, COUNT])
    assert states(rollout) == ["failed"]
    assert states_of(rollout, make) == ["done", "failed", "failed", "failed"]
    assert of(rollout, make).failure == "The rollout was aborted."
    assert seen_by(fleet, make) == 0
    make.refresh_from_db()
    assert make.edx_platform_commit == "old"


def test_a_job_that_is_cancelled_ends_a_statement_without_end(
    fleet: Fleet, executed: Executed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "EVERY", 0.1)
    make = fleet.make()
    at_statement(fleet, ENDLESS, lambda: cancel(job_id=Job.objects.get(kind="upgrade").pk))
    rollout = fleet.upgrade(sql=[MAKE, ENDLESS])
    assert states(rollout) == ["failed"]
    assert of(rollout, make).failure == "Cancelled."
