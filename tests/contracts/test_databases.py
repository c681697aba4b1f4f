"""What every kind of instance databases promises."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ocim.adapters.databases.sqlite import SqliteDatabases
from ocim.adapters.memory.databases import MemoryDatabases
from ocim.core.spec import Database
from ocim.ports import Databases

Make = Callable[[str], Database]


@pytest.fixture(params=[SqliteDatabases, MemoryDatabases])
def databases(request: pytest.FixtureRequest) -> Databases:
    made: Databases = request.param()
    return made


@pytest.fixture
def database(tmp_path: Path) -> Make:
    return lambda name: Database(kind="sqlite", name=str(tmp_path / f"databases/{name}.sqlite3"))


def test_a_database_has_no_size_before_it_exists(databases: Databases, database: Make) -> None:
    assert databases.size(database("one")) is None


def test_a_database_that_was_ensured_exists(databases: Databases, database: Make) -> None:
    databases.ensure(database("one"))

    size = databases.size(database("one"))
    assert size is not None
    assert size >= 0
    assert databases.size(database("two")) is None


def test_ensuring_twice_is_the_same_as_once(databases: Databases, database: Make) -> None:
    databases.ensure(database("one"))
    size = databases.size(database("one"))

    databases.ensure(database("one"))

    assert databases.size(database("one")) == size


def test_a_dropped_database_is_gone_and_the_others_stay(
    databases: Databases, database: Make
) -> None:
    databases.ensure(database("one"))
    databases.ensure(database("two"))

    databases.drop(database("one"))

    assert databases.size(database("one")) is None
    assert databases.size(database("two")) is not None


def test_dropping_what_is_not_there_does_nothing(databases: Databases, database: Make) -> None:
    databases.drop(database("one"))

    assert databases.size(database("one")) is None


def test_a_dropped_database_can_be_made_again(databases: Databases, database: Make) -> None:
    databases.ensure(database("one"))
    databases.drop(database("one"))

    databases.ensure(database("one"))

    assert databases.size(database("one")) is not None
