"""Commands of a manager that has several machines."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder

from ocim import wiring
from ocim.console import readiness
from ocim.core.errors import Conflict
from ocim.operations import workers
from ocim.store.lent_machines import StoredMachines
from tests.console.conftest import CAMPUS, Installation


def begin_elsewhere() -> None:
    context = replace(wiring.context(), worker="other-1", machine="other")
    workers.begin(queue="opencraft", threads=1, version="1.0", context=context)


@pytest.fixture
def newer(ocim: Installation) -> Iterator[None]:
    """Let a newer version have migrated the database; tests do not empty this table."""
    migration = MigrationRecorder.Migration.objects.create(app="store", name="0999_future")
    yield
    migration.delete()


@pytest.mark.parametrize("words", [("worker",), ("web",)])
def test_nothing_starts_with_a_database_of_another_version(
    ocim: Installation, newer: None, words: tuple[str, ...]
) -> None:
    ran = ocim(*words)

    assert ran.status == 1
    assert "Another version of Ocim has migrated the database: store.0999_future" in ran.err
    assert "ocim migrate" in ran.err


def test_a_worker_is_ready_on_the_only_machine(ocim: Installation) -> None:
    readiness.require_ready(wiring.context())


def test_workers_on_several_machines_need_a_queue_that_they_share(ocim: Installation) -> None:
    begin_elsewhere()

    with pytest.raises(Conflict, match=r"Workers on .*other.* cannot share a queue") as caught:
        readiness.require_ready(wiring.context())

    assert "OCIM_QUEUE_URL" in caught.value.remedy


@pytest.mark.parametrize("seconds", [-6, 6])
def test_a_worker_needs_the_databases_time(
    ocim: Installation, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(readiness, "clock_skew", lambda: timedelta(seconds=seconds))

    with pytest.raises(Conflict, match="clock differs by 6 s from the database's"):
        readiness.require_ready(wiring.context())


def test_a_spawn_on_a_host_of_one_machine_is_refused(ocim: Installation) -> None:
    campus = ocim.campus()
    begin_elsewhere()

    ran = ocim("appserver", "spawn", campus)

    assert ran.status == 1
    assert f"{CAMPUS}" in ran.err
    assert "hosts of kind 'local' are on the machine that creates them" in ran.err


def test_the_doctor_finds_instances_of_one_machine(ocim: Installation) -> None:
    ocim.campus()
    begin_elsewhere()

    ran = ocim("doctor")

    assert "other (1 worker)" in ran.out
    assert "error    machines: " in ran.out


def test_machines_of_the_pool_are_listed_and_readmitted(ocim: Installation) -> None:
    lent = StoredMachines()
    lent.take("rack-1", "appserver-1")
    lent.take("rack-2", "appserver-2")
    lent.end_cleaning("rack-2", lent.begin_cleaning("rack-2", "appserver-2"), "no such tool")

    listed = ocim("host", "pool", "--json").json
    readmitted = ocim("host", "readmit", "rack-2")
    again = ocim("host", "readmit", "rack-2")

    assert listed == [
        {"machine": "rack-1", "host": "appserver-1", "kept out": None},
        {"machine": "rack-2", "host": None, "kept out": "no such tool"},
    ]
    assert (readmitted.status, readmitted.out) == (0, "rack-2 may be used again.\n")
    assert again.status == 1
    assert "'rack-2' is not kept out" in again.err
