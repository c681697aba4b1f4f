"""Instance databases as SQLite files; the owner of a file is its account."""

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
"""Suffixes of the files that SQLite keeps beside a database."""
PAGES = 1000
"""Number of pages to copy between two checks for cancellation: a few milliseconds."""


class SqliteDatabases:
    """Databases with one file each, which only its owner can read.

    `Database.name` is the file's absolute path.
    """

    kind = "sqlite"

    def __init__(
        self,
        *,
        lock_timeout: float = 5.0,
        statement_timeout: float = 600.0,
        copy_timeout: float = 3600.0,
    ) -> None:
        """Set the time limits, in seconds."""
        self._lock_timeout = lock_timeout
        self._statement_timeout = statement_timeout
        self._copy_timeout = copy_timeout

    def ensure(self, database: Database) -> None:
        """Create the file and its directory unless they exist, and turn on write-ahead logging.

        With write-ahead logging, pages of an app server can be read while another one writes.
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
        """Remove the file, its companions, and the directory if it is empty then."""
        path = _path(database)
        with _translated(path):
            for file in (path, *_companions(path)):
                file.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # there may be other databases in it
                path.parent.rmdir()

    def retire(self, database: Database) -> None:
        """Do nothing: a file has no accounts."""

    def size(self, database: Database) -> int | None:
        """Return the size in bytes, including the write-ahead log."""
        path = _path(database)
        with _translated(path):
            if not path.exists():
                return None
            files = (path, *_companions(path))
            return sum(file.stat().st_size for file in files if file.exists())

    def session(self, database: Database) -> SqliteSession:
        """Open a session that runs statements in a process of its own."""
        return SqliteSession(
            _path(database), seconds=self._statement_timeout, lock_seconds=self._lock_timeout
        )

    def dump(self, database: Database, path: Path) -> None:
        """Write a SQLite file with the content at one moment; writers need not wait."""
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
        """Replace the content in one transaction."""
        self.ensure(database)
        with self._open(path) as source, self._open(_path(database)) as target:
            self._copy(source, target)

    def copy(self, source: Database, target: Database) -> None:
        """Copy the content, as `dump` and `restore` do, without a file in between."""
        self.restore(target, _path(source))

    def _copy(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        """Copy all pages in one transaction.

        Check for cancellation and the time limit in between.
        """
        deadline = time.monotonic() + self._copy_timeout

        def check(*_: int) -> None:
            stopping.check()
            if time.monotonic() > deadline:
                raise TransientError(
                    f"Copying took over {self._copy_timeout:g} s.",
                    remedy="Check how large the database is, or raise OCIM_COPY_TIMEOUT.",
                )

        check()
        # Without a read transaction, the copy would start again after each write.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=PAGES, progress=check)

    @contextlib.contextmanager
    def _open(self, path: Path) -> Iterator[sqlite3.Connection]:
        """Open an existing file: SQLite would create an empty one."""
        if not path.exists():
            raise PermanentError(f"There is no SQLite database {path}.")
        with (
            _translated(path),
            contextlib.closing(self._connect(path)) as connection,
        ):
            yield connection

    def _connect(self, path: Path) -> sqlite3.Connection:
        """Open the file itself: the instance's programs could have replaced it by a link.

        Check that SQLite has opened that file before anything is read or written.
        """
        expected = path.lstat()
        if stat.S_ISREG(expected.st_mode):
            connection = sqlite3.connect(path, self._lock_timeout)
            if any(os.path.samestat(expected, status) for status in _opened()):
                return connection
            connection.close()
        raise leads_elsewhere(path)


def _opened() -> Iterator[os.stat_result]:
    """Yield the status of every file that this process has open."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # a descriptor that was closed meanwhile
            yield descriptor.stat()


def _path(database: Database) -> Path:
    path = Path(database.name)
    if not path.is_absolute():
        raise ValidationError(
            [f"The path of the SQLite database {database.name!r} is not absolute."],
            remedy="Give its absolute path: app servers run in directories of their own.",
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
            f"{path} is no usable SQLite database: {error}.",
            remedy="Move it away, or put a backup in its place.",
        ) from error
    except OSError as error:
        raise PermanentError(
            f"Cannot open the SQLite database {path}: {error.strerror}.",
            remedy="Check who owns its directories, and whether the disk is full.",
        ) from error
