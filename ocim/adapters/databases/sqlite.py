"""Instance databases as SQLite files; the file system's owner is the account."""

import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from ocim.adapters.databases.sqlite_session import SqliteSession, leads_elsewhere
from ocim.core import stopping
from ocim.core.errors import PermanentError, TransientError, ValidationError
from ocim.core.instance import Database

COMPANIONS = ("-journal", "-shm", "-wal")
"""What SQLite keeps beside a database, named after it."""
PAGES = 1000
"""Copied between two looks: a few milliseconds."""


class SqliteDatabases:
    """One file per database, for its owner only; `Database.name` is its absolute path."""

    kind = "sqlite"

    def __init__(
        self,
        *,
        lock_timeout: float = 5.0,
        statement_timeout: float = 600.0,
        copy_timeout: float = 3600.0,
    ) -> None:
        """Set the limits, in seconds."""
        self._lock_timeout = lock_timeout
        self._statement_timeout = statement_timeout
        self._copy_timeout = copy_timeout

    def ensure(self, database: Database) -> None:
        """Make the file where it is missing, and its directory, and set it to write-ahead mode.

        In that mode the pages of an app server can be read while another one writes.
        """
        path = _path(database)
        with _translated(path):
            path.parent.parent.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL, mode=0o600))
            with contextlib.closing(self._connect(path)) as connection:
                path.chmod(0o600)
                connection.execute("PRAGMA journal_mode=WAL")

    def drop(self, database: Database) -> None:
        """Remove the file, what SQLite keeps beside it, and the directory if that was all."""
        path = _path(database)
        with _translated(path):
            for file in (path, *_companions(path)):
                file.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # there may be other databases in it
                path.parent.rmdir()

    def size(self, database: Database) -> int | None:
        """In bytes, with what is not yet written back from the journal."""
        path = _path(database)
        with _translated(path):
            if not path.exists():
                return None
            files = (path, *_companions(path))
            return sum(file.stat().st_size for file in files if file.exists())

    def session(self, database: Database) -> SqliteSession:
        """Run statements in a process of the session's own."""
        return SqliteSession(
            _path(database), seconds=self._statement_timeout, lock_seconds=self._lock_timeout
        )

    def dump(self, database: Database, path: Path) -> None:
        """A SQLite file, as it is at one moment: who writes meanwhile does not wait."""
        unfinished = path.with_name(f"{path.name}.part")
        with _translated(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished.unlink(missing_ok=True)
            unfinished.touch(mode=0o600)
        with self._open(_path(database)) as source, self._open(unfinished) as target:
            self._copy(source, target)
        with _translated(path):
            unfinished.replace(path)

    def restore(self, database: Database, path: Path) -> None:
        """In one transaction."""
        self.ensure(database)
        with self._open(path) as source, self._open(_path(database)) as target:
            self._copy(source, target)

    def _copy(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        """Copy all pages in one transaction, with looks in between at what may end that."""
        deadline = time.monotonic() + self._copy_timeout

        def look(*_: int) -> None:
            stopping.check()
            if time.monotonic() > deadline:
                raise TransientError(
                    f"Copying took over {self._copy_timeout:g} s.",
                    remedy="See how large the database is, or raise OCIM_COPY_TIMEOUT.",
                )

        look()
        # Without a snapshot of its own the copy would begin anew whenever somebody writes.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=PAGES, progress=look)

    @contextlib.contextmanager
    def _open(self, path: Path) -> Iterator[sqlite3.Connection]:
        """A file that is there: SQLite would make an empty one."""
        if not path.exists():
            raise PermanentError(f"There is no SQLite database {path}.")
        with (
            _translated(path),
            contextlib.closing(self._connect(path)) as connection,
        ):
            yield connection

    def _connect(self, path: Path) -> sqlite3.Connection:
        """Open the file itself: the instance's programs could have put a link in its place.

        Nothing is read or written before it is certain that SQLite has opened that file.
        """
        wanted = path.lstat()
        if stat.S_ISREG(wanted.st_mode):
            connection = sqlite3.connect(path, self._lock_timeout)
            if any(os.path.samestat(wanted, one) for one in _opened()):
                return connection
            connection.close()
        raise leads_elsewhere(path)


def _opened() -> Iterator[os.stat_result]:
    """What this process has opened."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the directory itself, and what ends meanwhile
            yield descriptor.stat()


def _path(database: Database) -> Path:
    path = Path(database.name)
    if not path.is_absolute():
        raise ValidationError(
            [f"The SQLite database {database.name!r} is not named by an absolute path."],
            remedy="App servers run in directories of their own; say where it is on the machine.",
        )
    return path


def _companions(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in COMPANIONS]


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise TransientError(f"The SQLite database {path} is not usable now: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise PermanentError(
            f"{path} is not usable as a SQLite database: {error}.",
            remedy="Move it away, or put a backup in its place.",
        ) from error
    except OSError as error:
        raise PermanentError(
            f"The SQLite database {path} cannot be reached: {error.strerror}.",
            remedy="See who owns its directories, and whether the disk is full.",
        ) from error
