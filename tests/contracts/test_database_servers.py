"""Promises of every kind of database server: copies, sessions, examination."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocim.core.errors import OcimError, PermanentError, TransientError
from ocim.core.instance import Account, Database, DatabaseHost
from ocim.core.secrets import Secret
from tests.contracts.conftest import SERVERS, Kind, ensured, seen_by, server_of
from tests.sql import execute


@pytest.fixture
def kind(server_kind: Kind) -> Kind:
    return server_kind


@pytest.fixture
def mine(kind: Kind) -> Database:
    return ensured(kind, "one")


def test_after_a_restore_all_accounts_have_their_rights(
    kind: Kind, mine: Database, tmp_path: Path
) -> None:
    kind.databases.dump(mine, tmp_path / "dump")
    kind.databases.restore(mine, tmp_path / "dump")
    execute(kind.databases, seen_by("reader", mine), "SELECT * FROM course")
    execute(kind.databases, seen_by("migrator", mine), "ALTER TABLE course ADD COLUMN n INTEGER")
    assert execute(kind.databases, mine, "DELETE FROM course") == 1


def test_tables_that_refer_to_one_another_are_restored(
    kind: Kind, mine: Database, tmp_path: Path
) -> None:
    execute(kind.databases, mine, "CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    child = "CREATE TABLE a_child (id INTEGER, FOREIGN KEY (id) REFERENCES parent (id))"
    execute(kind.databases, mine, child)
    execute(kind.databases, mine, "INSERT INTO parent VALUES (1)")
    execute(kind.databases, mine, "INSERT INTO a_child VALUES (1)")
    kind.databases.dump(mine, tmp_path / "dump")
    execute(kind.databases, mine, "DELETE FROM a_child")

    kind.databases.restore(mine, tmp_path / "dump")

    with pytest.raises(PermanentError, match=r"(?i)foreign key"):
        execute(kind.databases, mine, "DELETE FROM parent")
    with pytest.raises(PermanentError, match=r"(?i)foreign key"):
        execute(kind.databases, mine, "INSERT INTO a_child VALUES (2)")


def test_a_dump_that_is_damaged_leaves_the_old_content_and_nothing_else(
    kind: Kind, mine: Database, tmp_path: Path
) -> None:
    dump = tmp_path / "dump"
    kind.databases.dump(mine, dump)
    content = dump.read_bytes()
    dump.write_bytes(content[: len(content) // 2] + b"\nCREATE nonsense;\n")
    with pytest.raises(PermanentError, match="failed"):
        kind.databases.restore(mine, dump)
    assert execute(kind.databases, mine, "DELETE FROM course") == 1
    assert list(facts(kind, mine).sizes) == [mine.name]


def test_a_killed_restore_is_taken_up_anew(kind: Kind, mine: Database, tmp_path: Path) -> None:
    kind.databases.dump(mine, tmp_path / "dump")
    kind.databases.ensure(replace(mine, name=f"{mine.name}_new"))
    execute(
        kind.databases,
        replace(mine, name=f"{mine.name}_new"),
        "CREATE TABLE course (id INTEGER PRIMARY KEY)",
    )
    kind.databases.restore(mine, tmp_path / "dump")
    assert execute(kind.databases, mine, "DELETE FROM course") == 1
    assert list(facts(kind, mine).sizes) == [mine.name]


def test_no_program_has_a_password_among_its_arguments(
    kind: Kind, mine: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments: list[str] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, argv: Any, **options: Any) -> None:
            super().__init__(argv, **options)
            arguments.extend(map(str, argv))

    monkeypatch.setattr(subprocess, "Popen", Watched)
    kind.databases.dump(mine, tmp_path / "dump")
    kind.databases.restore(mine, tmp_path / "dump")
    assert any(mine.name in argument for argument in arguments)
    assert not [argument for argument in arguments if mine.password.reveal() in argument]


def test_a_copy_that_takes_too_long_is_ended(kind: Kind, mine: Database, tmp_path: Path) -> None:
    hasty = type(kind.databases)(copy_timeout=0)  # type: ignore[call-arg]
    lock = {"mysql": "LOCK TABLES course WRITE", "postgresql": "LOCK TABLE course"}[mine.kind]
    with kind.databases.session(mine) as session:
        session.execute("BEGIN")
        session.execute(lock)
        with pytest.raises(TransientError, match="took over 0 s"):
            hasty.dump(mine, tmp_path / "dump")
    assert not list(tmp_path.iterdir())


def test_a_session_that_the_server_ends_is_lost_and_the_next_statement_begins_another(
    kind: Kind, mine: Database
) -> None:
    end = {
        "mysql": "KILL CONNECTION_ID()",
        "postgresql": "SELECT pg_terminate_backend(pg_backend_pid())",
    }[mine.kind]
    with kind.databases.session(mine) as session:
        session.execute("SET ROLE NONE")  # on PostgreSQL it acts as the database's owner
        session.execute("BEGIN")
        session.execute("DELETE FROM course")
        with pytest.raises(TransientError, match="was lost"):
            session.execute(end)
        assert not session.in_transaction
        assert session.execute("DELETE FROM course") == 1


def test_a_session_does_not_open_while_its_server_is_away(kind: Kind, mine: Database) -> None:
    away = replace(mine, port=1, server=replace(server_of(mine), port=1))
    with (
        kind.databases.session(away) as session,
        pytest.raises(TransientError, match="does not answer"),
    ):
        session.open()


def test_the_facts_of_a_server_are_its_version_its_databases_and_its_connections(
    kind: Kind, mine: Database
) -> None:
    with kind.databases.session(mine) as session:
        session.execute("SELECT 1")
        result = facts(kind, mine)
    assert result.version.startswith(("MariaDB 10.", "PostgreSQL 1"))
    assert result.sizes[mine.name] > 0
    assert result.connections == {mine.name: 1}


def test_an_account_that_may_not_create_accounts_is_refused(kind: Kind, mine: Database) -> None:
    own = Account(mine.user, mine.password)
    with pytest.raises(PermanentError, match="may not create databases"):
        kind.databases.examine(replace(server_of(mine), admin=own))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "change, error, why",
    [
        ({"port": 1}, TransientError, "does not answer"),
        ({"admin": Account("ocim", Secret("no"))}, PermanentError, r"(?i)denied|authentication"),
        ({"tls": True}, OcimError, r"(?i)ssl"),
    ],
)
def test_a_server_that_cannot_be_used_is_told(
    change: dict[str, Any], error: type[OcimError], why: str, kind: Kind
) -> None:
    server = replace(server_of(kind.make("one")), **change)
    with pytest.raises(error, match=why) as output:
        kind.databases.examine(server)  # type: ignore[attr-defined]
    assert "the admin's" not in str(output.value)


@pytest.mark.parametrize("server_kind", SERVERS[:1], indirect=True)  # no other one here has TLS
def test_with_tls_all_is_encrypted_and_the_servers_name_is_checked(
    kind: Kind, tmp_path: Path
) -> None:
    safe = replace(server_of(kind.make("one")), host="localhost", tls=True)
    database = replace(kind.make("one"), host="localhost", server=safe)
    kind.databases.ensure(database)
    execute(
        kind.databases,
        database,
        "CREATE TABLE seen AS SELECT * FROM information_schema.session_status"
        " WHERE variable_name = 'Ssl_version' AND variable_value LIKE 'TLS%'",
    )
    assert execute(kind.databases, database, "DELETE FROM seen") == 1
    kind.databases.dump(database, tmp_path / "dump")
    kind.databases.restore(database, tmp_path / "dump")
    for wrong in (replace(safe, host="127.0.0.1"), replace(safe, authority="")):
        with pytest.raises(OcimError, match=r"(?i)certificate|does not match"):
            kind.databases.examine(wrong)  # type: ignore[attr-defined]
        with pytest.raises(OcimError, match=r"(?i)certificate|does not match|ssl"):
            kind.databases.dump(replace(database, server=wrong), tmp_path / "dump")


def facts(kind: Kind, database: Database) -> Any:
    examine: Callable[[DatabaseHost], Any] = kind.databases.examine  # type: ignore[attr-defined]
    return examine(server_of(database))
