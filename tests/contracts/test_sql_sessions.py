"""The contract of sessions of every kind of instance databases."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocim.adapters.databases.sqlite import SqliteDatabases
from ocim.adapters.memory.databases import MemoryDatabases
from ocim.core import stopping
from ocim.core.errors import PermanentError
from ocim.core.instance import Database
from ocim.ports.databases import Databases, SqlSession
from tests.sql import execute

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c"


@dataclass
class Kind:
    databases: Databases
    hasty: Databases
    """Databases with a short time limit for statements."""


def _memory() -> tuple[MemoryDatabases, MemoryDatabases]:
    return MemoryDatabases(), MemoryDatabases(statement_timeout=0.3)


@pytest.fixture(params=["sqlite", "memory"])
def kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    if request.param == "sqlite":
        yield Kind(SqliteDatabases(), SqliteDatabases(statement_timeout=0.3))
        return
    memory, hasty = _memory()
    yield Kind(memory, hasty)
    memory.close()
    hasty.close()


@pytest.fixture
def database(kind: Kind, tmp_path: Path) -> Database:
    database = Database(kind="sqlite", name=str(tmp_path / "databases/one.sqlite3"))
    for one in (kind.databases, kind.hasty):
        one.ensure(database)
        execute(one, database, "CREATE TABLE IF NOT EXISTS course (name TEXT)")
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


def test_what_a_statement_sets_the_next_ones_find(session: SqlSession) -> None:
    session.execute("CREATE TABLE child (id INTEGER REFERENCES parent (id))")
    session.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    session.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(PermanentError, match="FOREIGN KEY"):
        session.execute("INSERT INTO child VALUES (1)")


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
            session.execute(ENDLESS)
        assert session.execute("INSERT INTO chosen VALUES ('a')") == 1


def test_a_statement_without_end_is_ended_with_its_job_within_seconds(
    session: SqlSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "EVERY", 0.1)
    began = time.monotonic()

    def ask() -> stopping.Ended | None:
        return stopping.Ended("It is over.") if time.monotonic() > began + 0.3 else None

    with stopping.scope(ask), pytest.raises(stopping.Ended):
        session.execute(ENDLESS)
    assert time.monotonic() - began < 10


def test_a_query_is_run_to_its_end(session: SqlSession) -> None:
    with pytest.raises(PermanentError, match="overflow"):
        session.execute("SELECT CASE WHEN x = 2 THEN abs(-9223372036854775808) END"
                        " FROM (SELECT 1 AS x UNION ALL SELECT 2)")  # fmt: skip


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
