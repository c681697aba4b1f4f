"""The kinds of instance databases, for what every one of them promises."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ocim.adapters.databases.mysql import MysqlDatabases
from ocim.adapters.databases.postgresql import PostgresqlDatabases
from ocim.adapters.databases.sqlite import SqliteDatabases
from ocim.adapters.memory.databases import MemoryDatabases
from ocim.core.instance import Account, Database, DatabaseHost
from ocim.core.secrets import Secret
from ocim.ports.databases import Databases
from tests.mariadb_server import mariadb_server, needs_mariadb
from tests.postgresql_server import postgresql_host, programs
from tests.sql import ENDLESS, execute


@dataclass(frozen=True)
class Dialect:
    """Statements that differ between kinds of databases."""

    endless: str
    setting: tuple[str, str, str]
    """A statement that changes the session, one that fails because of that, and why."""
    last_row_fails: tuple[str, str]
    """A query whose second and last row cannot be computed, and why."""


SQLITE = Dialect(
    ENDLESS,
    ("PRAGMA foreign_keys = ON", "INSERT INTO child VALUES (1)", "FOREIGN KEY"),
    ("SELECT CASE WHEN x = 2 THEN abs(-9223372036854775808) END"
     " FROM (SELECT 1 AS x UNION ALL SELECT 2)", "overflow"),
)  # fmt: skip
MYSQL = Dialect(
    "SELECT BENCHMARK(1000000000000, MD5('a'))",
    ("SET SESSION sql_mode = 'NO_ZERO_DATE,STRICT_ALL_TABLES'",
     "INSERT INTO child VALUES ('many')", "Incorrect integer value"),
    ("SELECT CASE WHEN x = 2 THEN 9223372036854775807 + x END"
     " FROM (SELECT 1 AS x UNION ALL SELECT 2) AS two", "out of range"),
)  # fmt: skip
POSTGRESQL = Dialect(
    "SELECT count(*) FROM generate_series(1, 1000000000000)",
    ("SET search_path TO pg_catalog", "INSERT INTO child VALUES (1)", "child"),
    ("SELECT 1 / (2 - x) FROM (SELECT 1 AS x UNION ALL SELECT 2) AS two", "division by zero"),
)


@dataclass
class Kind:
    """Databases of a kind, twice: `hasty` has a short time limit for statements."""

    databases: Databases
    hasty: Databases
    dialect: Dialect
    make: Callable[[str], Database]


REAL: dict[str, Any] = {"mysql": MysqlDatabases, "postgresql": PostgresqlDatabases}
FILES = ["sqlite", "memory"]
SERVERS = [
    pytest.param("mysql", marks=[needs_mariadb, pytest.mark.xdist_group("mariadb")]),
    pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql")),
]


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseHost]:
    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[DatabaseHost]:
    with postgresql_host() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(programs()), prepend=":")
        yield server


@pytest.fixture(params=[*FILES, *SERVERS])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    if request.param in REAL:
        yield from on_server(request.param, request)
        return

    def file(name: str) -> Database:
        return Database(kind="sqlite", name=str(tmp_path / f"databases/{name}.sqlite3"))

    if request.param == "sqlite":
        yield Kind(SqliteDatabases(), SqliteDatabases(statement_timeout=0.3), SQLITE, file)
        return
    memory, hasty = MemoryDatabases(), MemoryDatabases(statement_timeout=0.3)
    yield Kind(memory, hasty, SQLITE, file)
    memory.close()
    hasty.close()


@pytest.fixture(params=SERVERS)
def server_kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    yield from on_server(request.param, request)


def on_server(name: str, request: pytest.FixtureRequest) -> Iterator[Kind]:
    """Yield databases on a server; drop them afterwards."""
    server = request.getfixturevalue("mariadb" if name == "mysql" else name)
    made: dict[str, Database] = {}

    def make(name: str) -> Database:
        """Return the database of that name; no other one has its accounts."""
        return made.setdefault(name, database_on(server, name))

    dialect = MYSQL if name == "mysql" else POSTGRESQL
    kind = Kind(REAL[name](), REAL[name](statement_timeout=0.3), dialect, make)
    yield kind
    for database in made.values():
        kind.databases.drop(database)


def database_on(server: DatabaseHost, name: str) -> Database:
    def account(purpose: str) -> Account:
        return Account(f"{name}_{purpose}", Secret(f"{name} & {purpose} '100%' \"\\"))

    own = account("own")
    return Database(
        server.kind,
        f"campus_{name}",
        server.host,
        server.port,
        own.user,
        own.password,
        migrator=account("migrate"),
        reader=account("read"),
        server=server,
    )


def ensured(kind: Kind, name: str) -> Database:
    database = kind.make(name)
    kind.databases.ensure(database)
    execute(kind.databases, database, "CREATE TABLE course (name VARCHAR(20))")
    execute(kind.databases, database, "INSERT INTO course VALUES ('a')")
    return database


def seen_by(account: str, database: Database, *, at: Database | None = None) -> Database:
    """Return the database `at`, for an account of `database`."""
    accounts = {
        "own": Account(database.user, database.password),
        "migrator": database.migrator,
        "reader": database.reader,
    }
    chosen = accounts[account]
    assert chosen
    return replace(at or database, user=chosen.user, password=chosen.password)


def server_of(database: Database) -> DatabaseHost:
    assert database.server
    return database.server
