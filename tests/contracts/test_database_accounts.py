"""Borders between instances on one database server: what each of their accounts may do."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pymysql
import pytest

from ocim.core.errors import OcimError, PermanentError
from ocim.core.instance import Account, Database
from ocim.core.secrets import Secret
from tests.contracts.conftest import SERVERS, Kind, ensured, seen_by
from tests.sql import execute

ACCOUNTS = ["own", "migrator", "reader"]
FORBIDDEN = (
    "CREATE DATABASE another",
    "CREATE USER another",
    "CREATE USER another IDENTIFIED BY 'x'",
    "DROP DATABASE campus_two",
    "COPY course TO '/tmp/file'",
    "COPY course FROM PROGRAM 'id'",
    "SELECT * FROM course INTO OUTFILE '/tmp/file'",
    "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE course",
    "GRANT ALL ON campus_one.* TO 'two_own'@'%'",
    "SET GLOBAL max_connections = 1",
    "ALTER SYSTEM SET max_connections = 1",
)
"""Statements that reach beyond the database; some are none on one of the kinds."""


@pytest.fixture
def kind(server_kind: Kind) -> Kind:
    return server_kind


@pytest.fixture
def mine(kind: Kind) -> Database:
    return ensured(kind, "one")


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_reaches_no_database_of_another_instance(
    account: str, kind: Kind, mine: Database
) -> None:
    other = ensured(kind, "two")
    intruder = seen_by(account, mine, at=other)
    with pytest.raises(OcimError, match=r"(?i)denied|permission"):
        execute(kind.databases, intruder, "SELECT * FROM course")
    at_home = seen_by(account, mine)
    for schema in (other.name, f"{other.name}.public"):
        with pytest.raises(PermanentError):
            execute(kind.databases, at_home, f"DROP TABLE {schema}.course")
    assert execute(kind.databases, other, "DELETE FROM course") == 1


SEEN = {
    "databases": "SHOW DATABASES",
    "tables": "SELECT DISTINCT table_schema FROM information_schema.tables",
    "processes": "SELECT DISTINCT user FROM information_schema.processlist",
    "rights": "SELECT DISTINCT grantee FROM information_schema.schema_privileges",
}
"""Queries on MariaDB for all that an account sees."""
OF_SERVER = {"information_schema", "performance_schema"}
"""Databases that describe the server, of which each account sees only what is its own."""


@pytest.mark.parametrize("server_kind", SERVERS[:1], indirect=True)
@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_sees_nothing_of_another_instance(
    account: str, kind: Kind, mine: Database
) -> None:
    ensured(kind, "two")
    seen_as = seen_by(account, mine)
    connection = pymysql.connect(
        host=mine.host,
        port=mine.port,
        user=seen_as.user,
        password=seen_as.password.reveal(),
    )
    seen = {}
    with closing(connection), connection.cursor() as cursor:
        for name, query in SEEN.items():
            cursor.execute(query)
            seen[name] = {str(value) for (value,) in cursor.fetchall()} - OF_SERVER
        for forbidden in ("SELECT user FROM mysql.user", "SELECT db FROM mysql.db"):
            with pytest.raises(pymysql.OperationalError, match="denied"):
                cursor.execute(forbidden)
    assert seen["databases"] | seen["tables"] == {mine.name}
    assert seen["processes"] == {seen_as.user}
    assert all(seen_as.user in right for right in seen["rights"])


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_has_no_rights_on_the_server(account: str, kind: Kind, mine: Database) -> None:
    with kind.databases.session(seen_by(account, mine)) as session:
        for statement in FORBIDDEN:
            with pytest.raises(PermanentError):
                session.execute(statement)


def test_a_name_with_an_underscore_is_no_pattern_of_other_names(kind: Kind) -> None:
    mine, other = kind.make("a_b"), kind.make("a1b")
    for database in (mine, other):
        kind.databases.ensure(database)
    with pytest.raises(OcimError, match=r"(?i)denied|permission"):
        execute(kind.databases, seen_by("own", mine, at=other), "CREATE TABLE course (n INTEGER)")


def test_the_reading_account_reads_and_changes_nothing(kind: Kind, mine: Database) -> None:
    reader = seen_by("reader", mine)
    execute(kind.databases, mine, "CREATE TABLE later (name VARCHAR(20))")
    execute(kind.databases, reader, "SELECT * FROM course, later")
    for statement in ("DELETE FROM course", "CREATE TABLE own (n INTEGER)", "DROP TABLE course"):
        with pytest.raises(PermanentError):
            execute(kind.databases, reader, statement)


def test_what_the_migrating_account_makes_belongs_to_the_service(
    kind: Kind, mine: Database
) -> None:
    execute(kind.databases, seen_by("migrator", mine), "CREATE TABLE migrated (n INTEGER)")
    execute(kind.databases, mine, "ALTER TABLE migrated ADD COLUMN m INTEGER")
    execute(kind.databases, seen_by("reader", mine), "SELECT * FROM migrated")


def test_the_migrating_account_stays_as_long_as_it_has_a_database(
    kind: Kind, mine: Database
) -> None:
    other = replace(kind.make("two"), migrator=mine.migrator)
    kind.databases.ensure(other)
    kind.databases.drop(mine)
    execute(kind.databases, seen_by("migrator", other), "CREATE TABLE migrated (n INTEGER)")
    kind.databases.drop(other)
    with pytest.raises(OcimError, match=r"(?i)denied|authentication"):
        execute(kind.databases, seen_by("migrator", mine, at=ensured(kind, "three")), "SELECT 1")


def test_a_new_password_takes_the_place_of_the_old_one(kind: Kind, mine: Database) -> None:
    new = replace(mine, password=Secret("new one"))
    kind.databases.ensure(new)
    assert execute(kind.databases, new, "DELETE FROM course") == 1
    with pytest.raises(OcimError, match=r"(?i)denied|authentication"):
        execute(kind.databases, mine, "SELECT 1")


def test_accounts_of_two_generations_work_on_the_same_tables_until_one_is_retired(
    kind: Kind, mine: Database, tmp_path: Path
) -> None:
    later = replace(
        mine,
        user="one_own2",
        password=Secret("later"),
        migrator=Account("one_migrate2", Secret("later too")),
        reader=Account("one_read2", Secret("later, too")),
    )
    kind.databases.ensure(later)
    execute(kind.databases, later, "CREATE TABLE by_later (n INTEGER)")
    execute(kind.databases, mine, "ALTER TABLE by_later ADD COLUMN m INTEGER")
    execute(kind.databases, seen_by("migrator", mine), "CREATE TABLE by_former (n INTEGER)")
    kind.databases.dump(later, tmp_path / "dump")
    kind.databases.restore(later, tmp_path / "dump")
    assert execute(kind.databases, mine, "UPDATE course SET name = 'b'") == 1

    kind.databases.retire(mine)

    for account in ACCOUNTS:
        with pytest.raises(OcimError, match=r"(?i)denied|authentication"):
            execute(kind.databases, seen_by(account, mine), "SELECT * FROM course")
    execute(kind.databases, seen_by("reader", later), "SELECT * FROM by_former")
    execute(kind.databases, seen_by("migrator", later), "DROP TABLE by_former")
    assert execute(kind.databases, later, "DELETE FROM course") == 1
    kind.databases.drop(later)
