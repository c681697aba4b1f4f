"""Migrations are tried on copies of databases, of which nothing is left afterwards."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocim.adapters.memory.providers import Cloud, MemoryProvider
from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core import stopping
from ocim.core.errors import Conflict
from ocim.core.instance import Database
from ocim.core.provisioning import MigrationTexts, Part, ProvisionJob
from ocim.core.rollout import Rules
from ocim.core.secrets import revealed
from ocim.operations import hosts
from ocim.operations.rollouts import control, undo
from ocim.operations.rollouts.record import DryRun
from ocim.operations.rollouts.report import report
from ocim.store.models import OpenEdXInstance, Rollout, Upgrade
from ocim.store.specs import copies, instance_spec
from tests.operations.rollouts.fleet import TAG, Fleet, active, of, states, tags
from tests.sql import ENDLESS, execute
from tests.world import Killed

MAKE = "CREATE TABLE IF NOT EXISTS seen (n INTEGER)"
COUNT = "INSERT INTO seen VALUES (1)"
DROPS = MigrationTexts("a.0002_b\n    Remove field c from D\n", "Applying a.0002_b... OK (0.5s)\n")


@pytest.fixture
def fleet(fleet: Fleet, tmp_path: Path) -> Iterator[Fleet]:
    """Yield a fleet whose configuration declares how migrations are run alone."""
    fleet.world.policy = replace(fleet.world.policy, backups=tmp_path / "backups")
    fleet.world.provisioner.migrations = {"edxapp": MigrationTexts()}
    yield fleet
    fleet.world.databases.close()
    assert not [name for name in fleet.world.provider.list() if name.startswith("dry-run-")]
    assert not [key for key in fleet.world.databases.sizes if "dry_run" in key[2]]
    assert not list((tmp_path / "backups").glob("dry-run-*"))


def made(fleet: Fleet) -> list[str]:
    """Return the hosts on which migrations were tried."""
    jobs = fleet.world.provisioner.jobs
    return [job.host.name for job in jobs if job.part is Part.MIGRATIONS]


def dry_run(rollout: Rollout, fleet: Fleet, place: int = 0) -> DryRun:
    result = report(rollout.pk, fleet.world.clock()).instances[place].preview
    assert result
    return result


def on_provision(fleet: Fleet, act: Any) -> None:
    """Do something while migrations are run."""
    provision = fleet.world.provisioner.provision

    def provision_and_act(job: ProvisionJob, **rest: Any) -> Any:
        if job.part is Part.MIGRATIONS:
            act(job)
        return provision(job, **rest)

    fleet.world.provisioner.provision = provision_and_act  # type: ignore[method-assign]


def rows(fleet: Fleet, database: Database) -> int:
    return execute(fleet.world.databases, database, "UPDATE seen SET n = 1")


def of_edxapp(fleet: Fleet, instance: OpenEdXInstance) -> Database:
    return instance_spec(instance, fleet.world.policy).databases["edxapp"]


def test_the_first_of_each_kind_has_it_made(fleet: Fleet) -> None:
    for release in ("open-release/ironwood.2", "open-release/juniper.1"):
        fleet.make(openedx_release=release)
        fleet.make(openedx_release=release)
    rollout = fleet.upgrade(update={"openedx_release": "open-release/juniper.2"})
    first, second, third, fourth = rollout.upgrades.order_by("id")
    assert made(fleet) == [f"dry-run-{first.pk}", f"dry-run-{third.pk}"]
    assert [dry_run(rollout, fleet, place).of for place in range(4)] == [
        "", first.label, "", third.label,
    ]  # fmt: skip
    assert [second.dry_run["like"], fourth.dry_run["like"]] == [first.pk, third.pk]


def test_its_host_is_removed_where_the_upgrade_changes_the_kind_of_hosts(fleet: Fleet) -> None:
    others = fleet.world.more_providers["nspawn"] = MemoryProvider(Cloud(), kind="nspawn")
    fleet.make()
    fleet.upgrade(update={"provider": "nspawn"})
    assert made(fleet)
    assert [name for name in others.list() if name.startswith("dry-run-")] == []


def test_every_canary_has_it_made(fleet: Fleet) -> None:
    for _ in range(3):
        fleet.make()
    rollout = fleet.upgrade(canary=2)
    assert states(rollout) == ["successful"] * 3
    assert len(made(fleet)) == 2


def test_it_says_what_was_done_to_the_copy_and_how_long_it_took(fleet: Fleet) -> None:
    fleet.make()
    fleet.world.provisioner.migrations = {"edxapp": DROPS, "discovery": MigrationTexts()}
    result = dry_run(fleet.upgrade(), fleet)
    [migration] = result.migrations
    assert (migration.service, migration.name, migration.seconds) == ("edxapp", "a.0002_b", 0.5)
    assert (migration.drops, result.dangers) == (("a.D.c",), [migration])
    assert (result.state, result.blind) == ("done", ["discovery"])
    assert result.seconds is not None


def test_it_runs_with_the_new_settings_on_a_copy_on_which_the_sql_was_run(fleet: Fleet) -> None:
    make = fleet.make()
    copy = copies(make, fleet.world.policy)["edxapp"]
    execute(fleet.world.databases, of_edxapp(fleet, make), MAKE)
    seen: list[Any] = []

    def look(job: ProvisionJob) -> None:
        values = job.variables
        seen.extend([values["EDXAPP_MYSQL_DB_NAME"], values["edx_platform_version"]])
        seen.extend([rows(fleet, copy), rows(fleet, of_edxapp(fleet, make))])
        make.refresh_from_db()
        seen.append(make.edx_platform_commit)

    on_provision(fleet, look)
    rollout = fleet.upgrade(sql=[COUNT])
    assert seen == [copy.name, "opencraft-release/juniper.2", 1, 0, ""]
    assert (states(rollout), rows(fleet, of_edxapp(fleet, make))) == (["successful"], 1)


def test_sql_that_was_run_already_is_in_the_copy_and_not_run_on_it_again(fleet: Fleet) -> None:
    make = fleet.make()
    copy = copies(make, fleet.world.policy)["edxapp"]
    fleet.fail_on(fleet.next_id())
    rollout = fleet.upgrade(sql=[MAKE, COUNT])
    assert states(rollout) == ["failed"]
    Upgrade.objects.update(dry_run={}, state="pending")
    Rollout.objects.update(state="running")
    counted: list[int] = []
    on_provision(fleet, lambda _job: counted.append(rows(fleet, copy)))
    assert states(fleet.run(rollout)) == ["successful"]
    assert counted == [1]


def test_migrations_that_fail_leave_everything_as_it_was(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    was, database = active(make), of_edxapp(fleet, make)
    execute(fleet.world.databases, database, MAKE)
    on_provision(fleet, lambda job: fails(fleet, job))
    rollout = fleet.upgrade(sql=[COUNT])
    make.refresh_from_db()
    assert (states(rollout), active(make), tags(make)) == (["failed"], was, [f"{TAG}-failed"])
    assert (make.edx_platform_commit, rows(fleet, database)) == ("old", 0)
    upgrade = of(rollout, make)
    assert upgrade.failure == "Dry run of migrations: migrate: table exists"
    assert (upgrade.appservers, upgrade.step) == ([], "dry run of migrations")
    result = dry_run(rollout, fleet)
    assert (result.state, result.reason) == ("failed", upgrade.failure)
    [line] = report(rollout.pk, fleet.world.clock()).instances
    assert "table exists" in line.log[-1]


def fails(fleet: Fleet, job: ProvisionJob) -> None:
    fleet.world.provisioner.runs[job.host.name] = MemoryRun(("migrate",), fails_with="table exists")


def test_where_one_fails_another_one_like_it_makes_its_own(fleet: Fleet) -> None:
    for _ in range(2):
        fleet.make()
    on_provision(fleet, lambda job: None if made(fleet) else fails(fleet, job))
    assert states(fleet.upgrade()) == ["failed", "successful"]
    assert len(made(fleet)) == 2


def test_one_waits_while_another_one_like_it_is_looked_at(fleet: Fleet) -> None:
    fleet.make()
    other = fleet.make()
    seen: list[Any] = []

    def look(_job: ProvisionJob) -> None:
        fleet.world.work(other, worker="worker-2")
        seen.append(of(Rollout.objects.get(), other).steps.count())

    on_provision(fleet, look)
    rollout = fleet.begin(fleet.plan(), rules=Rules(batch_size=2))
    assert states(fleet.run(rollout)) == ["successful", "successful"]
    assert (seen, len(made(fleet))) == ([0], 1)


def test_a_death_leaves_nothing_that_is_in_the_way(fleet: Fleet) -> None:
    fleet.make()
    alive = [True]

    def die(_job: ProvisionJob) -> None:
        if alive:
            alive.pop()
            raise Killed

    on_provision(fleet, die)
    rollout = fleet.upgrade()
    assert (states(rollout), dry_run(rollout, fleet).state) == (["successful"], "done")


def test_deaths_for_good_leave_nothing(fleet: Fleet) -> None:
    make = fleet.make()

    def die(_job: ProvisionJob) -> None:
        raise Killed

    on_provision(fleet, die)
    rollout = fleet.upgrade()
    assert states(rollout) == ["failed"]
    assert of(rollout, make).dry_run["state"] == "failed"


def test_its_host_is_no_orphan_while_it_is_made(fleet: Fleet) -> None:
    fleet.make()
    seen: list[list[str]] = []
    context = fleet.world.context()
    on_provision(fleet, lambda _job: seen.append(hosts.orphans(provider="local", context=context)))
    fleet.upgrade()
    assert seen == [[]]


def test_databases_of_an_operators_own_are_not_migrated(fleet: Fleet) -> None:
    make = fleet.make(configuration_extra_settings="MY_DATABASE_NAME: /srv/mine\n")
    rollout = fleet.upgrade()
    result = dry_run(rollout, fleet)
    assert (states(rollout), made(fleet), result.state) == (["successful"], [], "not possible")
    assert "MY_DATABASE_NAME" in result.reason
    assert of(rollout, make).failure == ""


def test_it_has_no_account_on_a_mongodb_that_operators_name(fleet: Fleet) -> None:
    account = "TUTOR_MONGODB_DATABASE: openedx\nTUTOR_MONGODB_USERNAME: site\n"
    make = fleet.make(configuration_extra_settings=f"{account}TUTOR_DOCKER_IMAGE_MYSQL: mysql:8\n")
    seen: list[Any] = []
    on_provision(fleet, lambda job: seen.append(revealed(job.variables)))
    rollout = fleet.upgrade()
    assert dry_run(rollout, fleet).state == "done"
    [values] = seen
    assert values["TUTOR_MONGODB_DATABASE"] == copies(make, fleet.world.policy)["edxapp"].name
    assert (values["TUTOR_MONGODB_USERNAME"], values["TUTOR_MONGODB_PASSWORD"]) == ("dry_run",) * 2


def test_a_configuration_that_does_not_say_how_is_no_obstacle(fleet: Fleet) -> None:
    fleet.make()
    fleet.world.provisioner.migrations = None
    rollout = fleet.upgrade()
    assert states(rollout) == ["successful"]
    assert dry_run(rollout, fleet).state == "not possible"


def test_what_migrations_took_away_cannot_be_undone(fleet: Fleet) -> None:
    for _ in range(2):
        fleet.make()
    fleet.world.provisioner.migrations = {"edxapp": DROPS}
    rollout = fleet.upgrade()
    possible, impossible = undo.undoable(rollout)
    reason = "migrations dropped what the old release uses: a.D.c"
    assert (possible, [why for _, why in impossible]) == ([], [reason] * 2)
    with pytest.raises(Conflict):
        undo.request(rollout)


def test_with_a_backup_it_can(fleet: Fleet) -> None:
    fleet.make()
    fleet.world.provisioner.migrations = {"edxapp": DROPS}
    possible, impossible = undo.undoable(fleet.upgrade(backup=True))
    assert (len(possible), impossible) == (1, [])


@pytest.mark.parametrize("where", ["sql", "migrations"])
def test_one_that_hangs_ends_when_its_rollout_is_aborted(
    fleet: Fleet, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "EVERY", 0.1)
    make = fleet.make(edx_platform_commit="old")
    was = active(make)

    def abort(*_: Any) -> None:
        control.abort(Rollout.objects.get())

    def hang(_job: ProvisionJob) -> None:
        abort()
        stopping.wait(600)

    if where == "migrations":
        on_provision(fleet, hang)
    else:
        fleet.world.databases.before = abort
    rollout = fleet.upgrade(sql=[ENDLESS] if where == "sql" else [])
    make.refresh_from_db()
    assert (states(rollout), active(make), make.edx_platform_commit) == (["failed"], was, "old")
    assert of(rollout, make).failure == "The rollout was aborted."
    assert not of(rollout, make).sql_runs.exists()
    assert left(fleet, make) == ([], None)


def left(fleet: Fleet, instance: OpenEdXInstance) -> tuple[list[str], int | None]:
    """Return hosts of dry runs, and the size of the copy."""
    hosts = [name for name in fleet.world.provider.list() if name.startswith("dry-run-")]
    copy = copies(instance, fleet.world.policy)["edxapp"]
    return hosts, fleet.world.databases.size(copy)


def test_sql_on_a_copy_that_is_over_its_time_fails_and_the_next_one_runs(fleet: Fleet) -> None:
    make = fleet.make()
    copy = copies(make, fleet.world.policy)["edxapp"]
    fleet.world.databases.statement_timeout = 0.2
    counted: list[int] = []
    on_provision(fleet, lambda _job: counted.append(rows(fleet, copy)))
    rollout = fleet.upgrade(sql=[MAKE, ENDLESS, "BEGIN", COUNT, "COMMIT"])
    assert (states(rollout), counted) == (["successful"], [1])
