"""The contract of sessions of every kind of instance databases."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocim.core import stopping
from ocim.core.errors import PermanentError
from ocim.core.instance import Database
from ocim.ports.databases import Databases, SqlSession
from tests.contracts.conftest import Kind
from tests.sql import execute


@pytest.fixture
def database(kind: Kind) -> Database:
    database = kind.make("one")
    for databases in (kind.databases, kind.hasty):
        databases.ensure(database)
        execute(databases, database, "CREATE TABLE IF NOT EXISTS course (name TEXT)")
    return database


@pytest.fixture
def session(kind: Kind, database: Database) -> Iterator[SqlSession]:
    with kind.databases.session(database) as session:
        yield session


def count(databases: Databases, database: Database) -> int:
    return execute(databases, database, "UPDATE course SET name = 'counted'")


def test_a_temporary_table_lasts_as_long_as_the_session(
    kind: Kind, database: Database, session: SqlSession
) -> None:
    session.execute("CREATE TEMPORARY TABLE chosen AS SELECT 'a' AS name")
    assert session.execute("INSERT INTO course SELECT name FROM chosen") == 1
    with pytest.raises(PermanentError, match="chosen"):
        execute(kind.databases, database, "INSERT INTO course SELECT name FROM chosen")


def test_what_a_statement_sets_the_next_ones_find(kind: Kind, session: SqlSession) -> None:
    setting, statement, why = kind.dialect.setting
    session.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    session.execute("CREATE TABLE child (id INTEGER REFERENCES parent (id))")
    session.execute(setting)
    with pytest.raises(PermanentError, match=why):
        session.execute(statement)


def test_a_statement_is_committed_at_once_where_no_transaction_is_open(
    kind: Kind, database: Database, session: SqlSession
) -> None:
    session.execute("INSERT INTO course VALUES ('a')")
    assert not session.in_transaction
    assert count(kind.databases, database) == 1


def test_a_transaction_is_committed_as_a_whole(
    kind: Kind, database: Database, session: SqlSession
) -> None:
    session.execute("BEGIN")
    assert session.in_transaction
    session.execute("INSERT INTO course VALUES ('a')")
    with pytest.raises(PermanentError, match="nowhere"):
        session.execute("INSERT INTO nowhere VALUES ('b')")
    session.execute("INSERT INTO course VALUES ('c')")
    session.execute("COMMIT")
    assert not session.in_transaction
    assert count(kind.databases, database) == 2


def test_a_session_that_is_opened_twice_stays_the_same(session: SqlSession) -> None:
    session.open()
    session.execute("CREATE TEMPORARY TABLE chosen (name TEXT)")
    session.open()
    assert session.execute("INSERT INTO chosen VALUES ('a')") == 1


def test_a_session_with_a_database_that_does_not_exist_is_refused(kind: Kind) -> None:
    with kind.databases.session(kind.make("none")) as session, pytest.raises(PermanentError):
        session.open()


def test_what_is_not_committed_at_the_end_is_rolled_back(kind: Kind, database: Database) -> None:
    with kind.databases.session(database) as session:
        session.execute("BEGIN")
        session.execute("INSERT INTO course VALUES ('a')")
    assert not session.in_transaction
    assert count(kind.databases, database) == 0


def test_a_statement_without_end_is_ended_after_its_time_and_the_session_goes_on(
    kind: Kind, database: Database
) -> None:
    with kind.hasty.session(database) as session:
        session.execute("CREATE TEMPORARY TABLE chosen (name TEXT)")
        with pytest.raises(PermanentError, match=r"took over 0\.3 s and was ended"):
            session.execute(kind.dialect.endless)
        assert session.execute("INSERT INTO chosen VALUES ('a')") == 1


def test_a_statement_without_end_is_ended_with_its_job_within_seconds(
    kind: Kind, session: SqlSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "EVERY", 0.1)
    began = time.monotonic()

    def ask() -> stopping.Ended | None:
        return stopping.Ended("It is over.") if time.monotonic() > began + 0.3 else None

    with stopping.scope(ask), pytest.raises(stopping.Ended):
        session.execute(kind.dialect.endless)
    assert time.monotonic() - began < 10


def test_a_query_is_run_to_its_end(kind: Kind, session: SqlSession) -> None:
    query, why = kind.dialect.last_row_fails
    with pytest.raises(PermanentError, match=why):
        session.execute(query)


def test_a_copy_is_not_made_for_a_job_that_is_over(
    kind: Kind, database: Database, tmp_path: Path
) -> None:
    with stopping.scope(lambda: stopping.Ended("It is over.")), pytest.raises(stopping.Ended):
        kind.databases.dump(database, tmp_path / "dump")
    assert not (tmp_path / "dump").exists()
    kind.databases.dump(database, tmp_path / "dump")
    execute(kind.databases, database, "INSERT INTO course VALUES ('a')")
    with stopping.scope(lambda: stopping.Ended("It is over.")), pytest.raises(stopping.Ended):
        kind.databases.restore(database, tmp_path / "dump")
    assert count(kind.databases, database) == 1
