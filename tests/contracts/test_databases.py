"""The contract of every kind of instance databases."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ocim.core.errors import PermanentError
from ocim.core.instance import Database
from ocim.ports.databases import Databases
from tests.contracts.conftest import Kind
from tests.sql import execute

Make = Callable[[str], Database]


@pytest.fixture
def databases(kind: Kind) -> Databases:
    return kind.databases


@pytest.fixture
def database(kind: Kind) -> Make:
    return kind.make


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


def test_a_statement_says_how_many_rows_it_touched(databases: Databases, database: Make) -> None:
    databases.ensure(database("one"))

    assert execute(databases, database("one"), "CREATE TABLE course (name TEXT)") == 0
    assert execute(databases, database("one"), "INSERT INTO course VALUES ('a'), ('b');") == 2
    assert execute(databases, database("one"), "DELETE FROM course") == 2


def test_a_statement_that_fails_has_no_effect_and_tells_the_databases_words(
    databases: Databases, database: Make
) -> None:
    databases.ensure(database("one"))
    execute(databases, database("one"), "CREATE TABLE course (name VARCHAR(20) UNIQUE)")

    with pytest.raises(
        PermanentError,
        match=r"UNIQUE constraint failed: course\.name|Duplicate entry|duplicate key",
    ):
        execute(databases, database("one"), "INSERT INTO course VALUES ('a'), ('a')")

    assert execute(databases, database("one"), "DELETE FROM course") == 0


def test_a_statement_on_a_database_that_is_not_there_is_refused(
    databases: Databases, database: Make
) -> None:
    with pytest.raises(PermanentError, match="There is no"):
        execute(databases, database("one"), "SELECT 1")


def test_databases_are_apart(databases: Databases, database: Make) -> None:
    for name in ("one", "two"):
        databases.ensure(database(name))
    execute(databases, database("one"), "CREATE TABLE course (name TEXT)")

    with pytest.raises(PermanentError):
        execute(databases, database("two"), "DELETE FROM course")


def test_what_was_dumped_can_be_restored(
    databases: Databases, database: Make, tmp_path: Path
) -> None:
    item, dump = database("one"), tmp_path / "backups/one"
    databases.ensure(item)
    execute(databases, item, "CREATE TABLE course (name TEXT)")
    execute(databases, item, "INSERT INTO course VALUES ('a'), ('b')")
    databases.dump(item, dump)
    execute(databases, item, "DELETE FROM course")
    execute(databases, item, "CREATE TABLE later (name TEXT)")

    databases.restore(item, dump)

    assert execute(databases, item, "UPDATE course SET name = 'c'") == 2
    with pytest.raises(PermanentError, match="later"):
        execute(databases, item, "DELETE FROM later")


def test_a_dump_can_be_restored_into_another_database(
    databases: Databases, database: Make, tmp_path: Path
) -> None:
    item, other, dump = database("one"), database("other"), tmp_path / "dump"
    databases.ensure(item)
    databases.ensure(other)
    execute(databases, item, "CREATE TABLE course (name TEXT)")
    databases.dump(item, dump)
    databases.restore(other, dump)
    execute(databases, other, "INSERT INTO course VALUES ('a')")
    assert execute(databases, item, "DELETE FROM course") == 0
    assert execute(databases, other, "DELETE FROM course") == 1


def test_a_dump_is_for_its_owner_only(databases: Databases, database: Make, tmp_path: Path) -> None:
    databases.ensure(database("one"))
    databases.dump(database("one"), tmp_path / "dump")
    assert (tmp_path / "dump").stat().st_mode & 0o777 == 0o600


def test_a_second_dump_replaces_the_first(
    databases: Databases, database: Make, tmp_path: Path
) -> None:
    item, dump = database("one"), tmp_path / "dump"
    databases.ensure(item)
    databases.dump(item, dump)
    execute(databases, item, "CREATE TABLE course (name TEXT)")
    databases.dump(item, dump)
    databases.drop(item)
    databases.restore(item, dump)
    assert execute(databases, item, "DELETE FROM course") == 0
    assert [path.name for path in tmp_path.glob("dump*")] == ["dump"]


def test_what_is_not_there_is_not_dumped(
    databases: Databases, database: Make, tmp_path: Path
) -> None:
    with pytest.raises(PermanentError, match="There is no"):
        databases.dump(database("one"), tmp_path / "dump")


def test_a_dump_that_is_not_there_is_refused_and_changes_nothing(
    databases: Databases, database: Make, tmp_path: Path
) -> None:
    item = database("one")
    databases.ensure(item)
    execute(databases, item, "CREATE TABLE course (name TEXT)")
    with pytest.raises(PermanentError, match="There is no"):
        databases.restore(item, tmp_path / "dump")
    assert execute(databases, item, "DELETE FROM course") == 0


def test_a_database_can_be_copied_into_another_one(databases: Databases, database: Make) -> None:
    item, other = database("one"), database("other")
    databases.ensure(item)
    databases.ensure(other)
    execute(databases, item, "CREATE TABLE course (name TEXT)")
    execute(databases, item, "INSERT INTO course VALUES ('a')")
    execute(databases, other, "CREATE TABLE earlier (name TEXT)")

    databases.copy(item, other)

    assert execute(databases, other, "UPDATE course SET name = 'b'") == 1
    assert execute(databases, item, "DELETE FROM course WHERE name = 'a'") == 1
    with pytest.raises(PermanentError, match="earlier"):
        execute(databases, other, "DELETE FROM earlier")


def test_what_is_not_there_is_not_copied_and_the_other_stays(
    databases: Databases, database: Make
) -> None:
    databases.ensure(database("other"))
    execute(databases, database("other"), "CREATE TABLE course (name TEXT)")
    with pytest.raises(PermanentError, match="There is no"):
        databases.copy(database("one"), database("other"))
    assert execute(databases, database("other"), "DELETE FROM course") == 0
