import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ocim.adapters.databases import sqlite, sqlite_session
from ocim.adapters.databases.sqlite import SqliteDatabases
from ocim.core import stopping
from ocim.core.errors import PermanentError, TransientError, ValidationError
from ocim.core.instance import Database
from tests.sql import execute


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "databases" / "edxapp.sqlite3"


@pytest.fixture
def database(path: Path) -> Database:
    return Database(kind="sqlite", name=str(path))


def test_only_the_owner_can_read_it(path: Path, database: Database) -> None:
    SqliteDatabases().ensure(database)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_could_read_is_closed_to_them(path: Path, database: Database) -> None:
    SqliteDatabases().ensure(database)
    path.chmod(0o644)

    SqliteDatabases().ensure(database)

    assert path.stat().st_mode & 0o777 == 0o600


def test_the_mode_of_a_directory_that_was_there_is_left_alone(
    path: Path, database: Database
) -> None:
    path.parent.mkdir(mode=0o755)

    SqliteDatabases().ensure(database)

    assert path.parent.stat().st_mode & 0o777 == 0o755


def test_readers_and_a_writer_do_not_lock_each_other_out(path: Path, database: Database) -> None:
    SqliteDatabases().ensure(database)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_is_in_it_stays_when_it_is_ensured_again(path: Path, database: Database) -> None:
    SqliteDatabases().ensure(database)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE course (id)")

    SqliteDatabases().ensure(database)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM course").fetchall() == []


def test_its_size_counts_what_is_still_in_the_journal(path: Path, database: Database) -> None:
    databases = SqliteDatabases()
    databases.ensure(database)

    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE course (id)")
        connection.commit()

        size = databases.size(database)

        assert size is not None
        assert size > path.stat().st_size


def test_nothing_of_it_is_left_when_it_was_dropped(path: Path, database: Database) -> None:
    databases = SqliteDatabases()
    databases.ensure(database)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE course (id)")

        databases.drop(database)

    assert not path.parent.exists()


def test_a_file_that_is_no_database_is_refused_and_left_alone(
    path: Path, database: Database
) -> None:
    path.parent.mkdir()
    path.write_text("not a database, " * 100)

    with pytest.raises(PermanentError, match="not a database"):
        SqliteDatabases().ensure(database)

    assert path.read_text() == "not a database, " * 100


def do_all(database: Database, dump: Path) -> Iterator[Callable[[], object]]:
    """Yield all ways to open a database."""
    databases = SqliteDatabases()
    yield lambda: databases.ensure(database)
    yield lambda: execute(databases, database, "CREATE TABLE evil (id)")
    yield lambda: databases.dump(database, dump.with_name("of-another"))
    yield lambda: databases.restore(database, dump)


@pytest.mark.parametrize("number", range(4))
def test_a_link_in_a_databases_place_leads_to_no_other_one(
    path: Path, database: Database, tmp_path: Path, number: int
) -> None:
    other = Database(kind="sqlite", name=str(tmp_path / "other/edxapp.sqlite3"))
    SqliteDatabases().ensure(other)
    dump = tmp_path / "backups/dump"
    SqliteDatabases().dump(other, dump)
    before = Path(other.name).read_bytes()
    path.parent.mkdir()
    path.symlink_to(other.name)

    with pytest.raises(PermanentError, match=r"is no regular file"):
        list(do_all(database, dump))[number]()

    assert Path(other.name).read_bytes() == before
    assert not dump.with_name("of-another").exists()


def test_a_link_that_is_put_there_at_the_last_moment_is_noticed(
    path: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Database(kind="sqlite", name=str(tmp_path / "other/edxapp.sqlite3"))
    for item in (database, other):
        SqliteDatabases().ensure(item)
    connect = sqlite3.connect

    def connect_elsewhere(_path: Path, timeout: float) -> sqlite3.Connection:
        return connect(other.name, timeout)

    monkeypatch.setattr(sqlite3, "connect", connect_elsewhere)
    with pytest.raises(PermanentError, match="leads elsewhere"):
        SqliteDatabases().dump(database, tmp_path / "dump")


def test_a_statement_notices_a_link_that_is_put_there_at_the_last_moment(
    path: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    databases = SqliteDatabases()
    databases.ensure(database)
    status = path.lstat()
    path.rename(tmp_path / "own.sqlite3")
    other = Database(kind="sqlite", name=str(tmp_path / "other/edxapp.sqlite3"))
    databases.ensure(other)
    before = Path(other.name).read_bytes()
    path.symlink_to(other.name)
    identity = [str(status.st_dev), str(status.st_ino)]
    monkeypatch.setattr(sqlite_session, "_identity", lambda _path: identity)
    with pytest.raises(PermanentError, match="leads elsewhere"):
        execute(databases, database, "CREATE TABLE evil (id)")
    assert Path(other.name).read_bytes() == before


def test_a_directory_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    database = Database(kind="sqlite", name=str(tmp_path / "file/deeper/edxapp.sqlite3"))

    with pytest.raises(PermanentError, match=r"Cannot open .*deeper/edxapp\.sqlite3"):
        SqliteDatabases().ensure(database)


def test_a_locked_database_may_be_tried_again(path: Path, database: Database) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE course (id)")
        connection.execute("BEGIN EXCLUSIVE")

        with pytest.raises(TransientError) as caught:
            SqliteDatabases(lock_timeout=0.0).ensure(database)

    assert caught.value.retryable


def test_a_relative_path_is_refused() -> None:
    with pytest.raises(ValidationError, match="absolute"):
        SqliteDatabases().ensure(Database(kind="sqlite", name="edxapp.sqlite3"))


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH '{other}' AS other",
        "ATTACH (SELECT '{other}') AS other",
        "VACUUM INTO '{other}.copy'",
        "PRAGMA temp_store_directory = '{other}.copy'",
        "PRAGMA TEMP_STORE_DIRECTORY('{other}.copy')",
        "SELECT load_extension('{other}')",
        "SELECT fts3_tokenizer('simple')",
        "SELECT fts3_tokenizer('own', x'00')",
        "SELECT writefile('{other}.copy', 'a')",
        "SELECT readfile('{other}')",
        "CREATE VIRTUAL TABLE files USING fsdir('/')",
        "CREATE VIRTUAL TABLE other USING csv(filename = '{other}')",
    ],
)
def test_a_statement_cannot_reach_another_database(
    path: Path, database: Database, tmp_path: Path, statement: str
) -> None:
    databases = SqliteDatabases()
    databases.ensure(database)
    other = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE secret (id)")

    with pytest.raises(PermanentError):
        execute(databases, database, statement.format(other=other))

    assert not Path(f"{other}.copy").exists()


def test_a_database_can_be_vacuumed_and_have_temporary_ones(database: Database) -> None:
    databases = SqliteDatabases()
    databases.ensure(database)
    for statement in ("VACUUM", "ATTACH '' AS beside"):
        execute(databases, database, statement)


def test_a_statement_that_does_not_look_at_the_clock_is_killed_and_the_next_begins_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_session, "GRACE", 0.3)
    databases = SqliteDatabases(statement_timeout=0.1)
    databases.ensure(database)
    years = "SELECT instr(zeroblob(100000000), zeroblob(50000000) || x'01')"
    with databases.session(database) as session:
        session.execute("BEGIN")
        with pytest.raises(TransientError, match=r"temporary tables.*did not end within 0\.1 s"):
            session.execute(years)
        assert not session.in_transaction
        assert session.execute("CREATE TABLE course (name TEXT)") == 0


def test_a_copy_that_takes_too_long_is_given_up_and_changes_nothing(
    path: Path, database: Database, tmp_path: Path
) -> None:
    databases = SqliteDatabases(copy_timeout=-1)
    databases.ensure(database)
    with pytest.raises(TransientError, match="OCIM_COPY_TIMEOUT"):
        databases.dump(database, tmp_path / "dump")
    assert not (tmp_path / "dump").exists()


def test_a_copy_is_made_though_others_write_all_the_time(
    path: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PAGES", 1)
    databases = SqliteDatabases()
    databases.ensure(database)
    execute(databases, database, "CREATE TABLE course (name TEXT)")
    execute(databases, database, "INSERT INTO course VALUES (hex(zeroblob(50000)))")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        monkeypatch.setattr(
            stopping, "check", lambda: other.execute("INSERT INTO course VALUES ('b')")
        )
        databases.dump(database, tmp_path / "dump")
    with closing(sqlite3.connect(tmp_path / "dump")) as dump:
        assert dump.execute("SELECT count(*) FROM course").fetchone() == (2,)
