from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocim.core import stopping
from ocim.core.errors import Conflict
from ocim.core.instance import Database
from ocim.operations.rollouts import backup, control
from ocim.operations.rollouts.report import report
from ocim.store.models import Job, OpenEdXInstance, Rollout
from ocim.store.specs import instance_spec
from tests.operations.rollouts.fleet import Fleet, active, of, states
from tests.sql import execute
from tests.world import QUEUE, Killed

MAKE = "CREATE TABLE IF NOT EXISTS seen (n INTEGER)"
COUNT = "INSERT INTO seen VALUES (1)"


@pytest.fixture
def fleet(fleet: Fleet, tmp_path: Path) -> Iterator[Fleet]:
    fleet.world.policy = replace(fleet.world.policy, backups=tmp_path / "backups")
    yield fleet
    fleet.world.databases.close()


def rows(fleet: Fleet, instance: OpenEdXInstance) -> int:
    """Set all rows to one value, and return their number."""
    database = instance_spec(instance, fleet.world.policy).databases["edxapp"]
    return execute(fleet.world.databases, database, "UPDATE seen SET n = 1")


def restore(fleet: Fleet, instance: OpenEdXInstance) -> Job:
    job = backup.request(instance, rollout_id=None, queue=QUEUE)
    fleet.world.work(instance)
    job.refresh_from_db()
    return job


def test_databases_are_dumped_before_sql_runs_and_can_be_restored(fleet: Fleet) -> None:
    make = fleet.make()
    fleet.upgrade(sql=[MAKE, COUNT])
    assert rows(fleet, make) == 1
    rollout = fleet.upgrade(tag="again", backup=True, sql=[COUNT, COUNT])
    assert states(rollout) == ["successful"]
    assert rows(fleet, make) == 3
    assert restore(fleet, make).state == "done"
    assert rows(fleet, make) == 1


def test_a_backup_is_told_with_its_size_and_how_long_it_took(fleet: Fleet, tmp_path: Path) -> None:
    make = fleet.make()
    rollout = fleet.upgrade(backup=True, sql=[MAKE])
    (line,) = report(rollout.pk, fleet.world.clock()).instances
    (made,) = line.backups
    assert made.purpose == "edxapp"
    path = tmp_path / f"backups/{rollout.pk}/{make.database_name}/edxapp"
    assert (Path(made.path), made.size) == (path, path.stat().st_size)
    assert made.seconds >= 0
    assert [step.name for step in line.steps][2:4] == ["backup", "SQL"]


def test_another_attempt_keeps_the_backup_from_before_the_sql(fleet: Fleet) -> None:
    make = fleet.make()
    fleet.upgrade(sql=[MAKE])
    dump, alive = fleet.world.databases.dump, [True]

    def deadly(database: Database, path: Path) -> None:
        dump(database, path)
        if alive:
            alive.clear()
            raise Killed

    fleet.world.databases.dump = deadly  # type: ignore[method-assign]
    fleet.fail_on(fleet.next_id())
    rollout = fleet.upgrade(tag="again", backup=True, sql=[COUNT])
    assert states(rollout) == ["failed"]
    assert of(rollout, make).backups.count() == 1
    restore(fleet, make)
    assert rows(fleet, make) == 0


def test_a_backup_that_cannot_be_made_fails_the_instance_before_anything_is_changed(
    fleet: Fleet, tmp_path: Path
) -> None:
    make = fleet.make()
    (tmp_path / "backups").write_text("in the way")
    rollout = fleet.upgrade(backup=True, sql=[MAKE])
    assert states(rollout) == ["failed"]
    assert not of(rollout, make).sql_runs.exists()


def test_without_a_backup_there_is_nothing_to_restore(fleet: Fleet) -> None:
    make = fleet.make()
    fleet.upgrade()
    with pytest.raises(Conflict, match="No backup"):
        backup.request(make, rollout_id=None, queue=QUEUE)


def test_a_backup_that_was_removed_is_named_and_nothing_is_restored(fleet: Fleet) -> None:
    make = fleet.make()
    rollout = fleet.upgrade(backup=True)
    path = Path(of(rollout, make).backups.get().path)
    path.unlink()
    job = restore(fleet, make)
    assert (job.state, str(path) in job.error) == ("failed", True)


@pytest.mark.parametrize("method", ["dump", "size"])
def test_a_backup_that_hangs_ends_when_its_rollout_is_aborted(
    fleet: Fleet, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "EVERY", 0.0)
    make = fleet.make()
    was = active(make)

    def abort(*_: Any) -> Any:
        control.abort(Rollout.objects.get())
        stopping.wait(600)

    setattr(fleet.world.databases, method, abort)
    rollout = fleet.upgrade(backup=True)
    assert (states(rollout), active(make)) == (["failed"], was)
    assert of(rollout, make).failure == "The rollout was aborted."
