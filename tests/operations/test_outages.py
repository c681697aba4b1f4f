"""Shared servers that die under a job: it names them, leaves nothing half made, and is repeated."""

from collections.abc import Callable
from typing import Any

import pytest

from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core.instance import Database
from ocim.core.provisioning import MigrationTexts, Part, ProvisionJob
from ocim.core.secrets import Secret
from ocim.core.verification import Line, Outcome
from ocim.operations import broker_servers, database_servers, search_servers
from ocim.operations.rollouts import control
from ocim.operations.shop.verify import verify
from ocim.store.models import Job, OpenEdXAppServer, OpenEdXInstance, Rollout
from tests.operations.rollouts.fleet import Fleet, of, states
from tests.operations.verify.conftest import make
from tests.operations.verify.platform import Platform
from tests.world import World

ACCOUNT: dict[str, Any] = {"user": "elastic", "password": Secret("secret")}
ON_SERVERS = {
    "database_server": "main",
    "configuration_extra_settings": "SANDBOX_ENABLE_DISCOVERY: true\n",
}
PLACES = {
    "database": ("Database server main: ", "`ocim database-server show main`"),
    "broker": ("Broker server main: ", "`ocim broker show main`"),
    "search": ("Search server main: ", "`ocim search-server show main`"),
}


@pytest.fixture
def world(world: World) -> World:
    context = world.context()
    database_servers.register(name="main", url="mysql://db.example.com", context=context, **ACCOUNT)
    broker_servers.register(name="main", url="https://mq.example.com", context=context, **ACCOUNT)
    search_servers.register(name="main", url=SEARCH, context=context, **ACCOUNT)
    return world


SEARCH = "http://search.example.com:9200"
BAD = "INSERT INTO nowhere VALUES (1)"
COUNT = "INSERT INTO seen VALUES (1)"
MAKE = "CREATE TABLE seen (n INTEGER)"


def kill(world: World, kind: str) -> Callable[[], None]:
    """Let a shared server not answer any more; return a function that brings it back."""
    away, place = {
        "database": (world.servers["mysql"].away, "db.example.com"),
        "broker": (world.brokers["rabbitmq"].away, "mq.example.com"),
        "search": (world.search.away, f"{SEARCH}/"),
    }[kind]
    away.add(place)
    return away.clear


def on_provision(world: World, act: Callable[[ProvisionJob], object]) -> None:
    """Do something whenever a host is being provisioned."""
    provision = world.provisioner.provision

    def provision_and_act(job: ProvisionJob, **rest: Any) -> Any:
        act(job)
        return provision(job, **rest)

    world.provisioner.provision = provision_and_act  # type: ignore[method-assign]


def fail_to_migrate(world: World, message: str) -> None:
    """Let the migrations of every app server fail with a message."""
    run = MemoryRun(("migrate",), message)
    on_provision(world, lambda job: world.provisioner.runs.update({job.host.name: run}))


@pytest.mark.parametrize("kind", PLACES)
def test_a_spawn_names_the_server_that_is_away_and_is_repeated_when_it_is_back(
    world: World, kind: str
) -> None:
    instance = world.make_instance(**ON_SERVERS)
    come_back = kill(world, kind)
    failed = world.spawn(instance)
    assert failed.state == "failed"
    name, command = PLACES[kind]
    assert failed.failure.startswith(name)
    assert command in failed.failure
    assert "\n" not in failed.failure  # it is said once
    assert world.provider.list() == []
    come_back()
    assert world.spawn(instance).state == "running"


@pytest.mark.parametrize("kind", PLACES)
def test_a_spawn_that_fails_on_its_host_names_the_server_that_died(world: World, kind: str) -> None:
    instance = world.make_instance(**ON_SERVERS)
    fail_to_migrate(world, "Lost connection")
    on_provision(world, lambda _job: kill(world, kind))
    first, rest = world.spawn(instance).failure.split("\n")
    assert first.startswith(PLACES[kind][0])
    assert rest == "What failed meanwhile: migrate: Lost connection"


def test_a_step_that_finds_the_search_server_away_says_it_once(world: World) -> None:
    instance = world.make_instance(**ON_SERVERS)
    on_provision(world, lambda _job: kill(world, "search"))
    world.spawn(instance, activate=True)
    error = Job.objects.filter(state="failed").latest("id").error
    assert error.startswith(PLACES["search"][0])
    assert error.count("does not answer") == 1


def test_a_spawn_that_fails_for_another_reason_says_nothing_of_servers(world: World) -> None:
    instance = world.make_instance(**ON_SERVERS)
    fail_to_migrate(world, "No such column")
    assert world.spawn(instance).failure == "migrate: No such column"


def test_an_error_stays_if_a_server_answers_what_nobody_understands(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = world.make_instance(**ON_SERVERS)
    fail_to_migrate(world, "Lost connection")

    def confuse(*_: object) -> str:
        raise KeyError("version")

    on_provision(world, lambda _job: monkeypatch.setattr(world.search, "examine", confuse))
    assert world.spawn(instance).failure == "migrate: Lost connection"


# Upgrades.


@pytest.fixture
def fleet(world: World) -> Fleet:
    return Fleet(world)


def sql_states(rollout: Rollout, instance: OpenEdXInstance) -> list[str]:
    return list(of(rollout, instance).sql_runs.order_by("position").values_list("state", flat=True))


def test_sql_goes_on_where_the_database_server_died(fleet: Fleet) -> None:
    databases = fleet.world.servers["mysql"]
    instance = fleet.make(**ON_SERVERS, edx_platform_commit="old")

    def die(_database: Database, statement: str) -> None:
        if statement == BAD:
            kill(fleet.world, "database")

    databases.before = die
    rollout = fleet.upgrade(sql=[MAKE, BAD, COUNT])
    assert states(rollout) == ["failed"]
    assert of(rollout, instance).failure.startswith("Database server main: ")
    assert sql_states(rollout, instance) == ["done", "failed"]
    instance.refresh_from_db()
    assert instance.edx_platform_commit == "old"

    databases.away.clear()
    fleet.run(rollout, actions=control.retry(rollout))
    assert states(rollout) == ["successful"]
    assert sql_states(rollout, instance) == ["done", "failed", "done"]
    databases.close()


def test_a_transaction_that_a_dying_server_takes_with_it_is_not_run_in_part(fleet: Fleet) -> None:
    databases = fleet.world.servers["mysql"]
    instance = fleet.make(**ON_SERVERS)

    def die(_database: Database, statement: str) -> None:
        if statement == BAD:
            kill(fleet.world, "database")

    databases.before = die
    rollout = fleet.upgrade(sql=["BEGIN", MAKE, BAD, COUNT, "COMMIT", "SELECT 1"])
    databases.away.clear()
    fleet.run(rollout, actions=control.retry(rollout))
    assert sql_states(rollout, instance) == [*["failed"] * 5, "done"]
    databases.close()


@pytest.mark.parametrize("kind", PLACES)
def test_an_upgrade_names_the_server_that_died_and_is_retried(fleet: Fleet, kind: str) -> None:
    instance = fleet.make(**ON_SERVERS, edx_platform_commit="old")
    serving = fleet.world.serving(instance)
    fleet.fail_on(fleet.next_id(), message="Lost connection")
    dying: list[str] = [kind]
    on_provision(fleet.world, lambda _job: dying and kill(fleet.world, dying.pop()))
    rollout = fleet.upgrade()
    upgrade = of(rollout, instance)
    assert upgrade.failure.startswith(PLACES[kind][0])
    assert "Lost connection" in upgrade.failure
    assert upgrade.cause.startswith(PLACES[kind][0])
    assert fleet.world.serving(instance) == serving
    instance.refresh_from_db()
    assert instance.edx_platform_commit == "old"

    for away in (
        fleet.world.servers["mysql"].away,
        fleet.world.brokers["rabbitmq"].away,
        fleet.world.search.away,
    ):
        away.clear()
    fleet.run(rollout, actions=control.retry(rollout))
    assert states(rollout) == ["successful"]


def test_a_dry_run_whose_database_server_died_says_why_and_leaves_no_copies_in_the_end(
    fleet: Fleet,
) -> None:
    world = fleet.world
    world.provisioner.migrations = {"edxapp": MigrationTexts()}
    instance = fleet.make(**ON_SERVERS)
    dying = [True]

    def act(job: ProvisionJob) -> None:
        if job.part is Part.MIGRATIONS and dying:
            dying.pop()
            kill(world, "database")
            world.provisioner.runs[job.host.name] = MemoryRun(("migrate",), "Lost connection")

    on_provision(world, act)
    rollout = fleet.upgrade()
    upgrade = of(rollout, instance)
    assert upgrade.failure.startswith("Database server main: ")
    assert "migrate: Lost connection" in upgrade.failure
    assert "Lost connection" in upgrade.dry_run["reason"]

    world.servers["mysql"].away.clear()
    world.provisioner.runs.clear()
    fleet.run(rollout, actions=control.retry(rollout))
    assert states(rollout) == ["successful"]
    assert not [name for _, _, name in world.servers["mysql"].sizes if "dry_run" in name]


# Verifications.


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def appserver(world: World, platform: Platform) -> OpenEdXAppServer:
    world.browsers.answer = platform.answer
    appserver = make(world)
    world.cloud.answer = platform.ran
    OpenEdXInstance.objects.update(
        database_server=database_servers.find("main"),
        search_server=search_servers.find("main"),
    )
    appserver.refresh_from_db()
    return appserver


def test_a_verification_tells_how_each_shared_server_is(
    world: World, appserver: OpenEdXAppServer
) -> None:
    lines = {line.name: line for line in verify(appserver, world.context()).lines}
    names = ("database server: main", "broker server: main", "search server: main")
    assert [lines[name].outcome for name in names] == [Outcome.OK] * 3
    assert lines["search server: main"].compared == "7.17.0"


@pytest.mark.parametrize(
    "kind, outcome",
    [("database", Outcome.FAILED), ("search", Outcome.FAILED), ("broker", Outcome.SKIPPED)],
)
def test_a_verification_names_the_shared_server_that_is_away(
    world: World, appserver: OpenEdXAppServer, kind: str, outcome: Outcome
) -> None:
    kill(world, kind)
    lines = {line.name: line for line in verify(appserver, world.context()).lines}
    line = lines[f"{kind} server: main"]
    assert line.outcome is outcome
    assert "does not answer" in line.compared
    assert PLACES[kind][1] in line.remedy


@pytest.mark.parametrize("kind", PLACES)
def test_a_verification_that_fails_names_the_shared_server_that_died_meanwhile(
    world: World, appserver: OpenEdXAppServer, platform: Platform, kind: str
) -> None:
    def die(line: Line) -> None:
        if line.name == "lms: health":
            kill(world, kind)
            platform.processors = ()

    lines = {line.name: line for line in verify(appserver, world.context(), on_line=die).lines}
    assert lines[f"{kind} server: main"].outcome is Outcome.OK
    assert "does not answer" in lines[f"{kind} server: main, in the end"].compared
    assert len([name for name in lines if name.endswith(", in the end")]) == 1
