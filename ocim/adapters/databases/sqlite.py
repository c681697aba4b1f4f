"""Instance databases as SQLite files; the file system's owner is the account."""

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from ocim.core.errors import BadInput, OutsideError, OutsideRefusal
from ocim.core.spec import Database

COMPANIONS = ("-journal", "-shm", "-wal")
"""What SQLite keeps beside a database, named after it."""


class SqliteDatabases:
    """One file per database, for its owner only; `Database.name` is its absolute path."""

    kind = "sqlite"

    def __init__(self, *, lock_timeout: float = 5.0) -> None:
        self._lock_timeout = lock_timeout  # seconds

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

    def execute(self, database: Database, statement: str) -> int:
        """Run it in a transaction of its own."""
        path = _path(database)
        if not path.exists():
            raise OutsideRefusal(f"There is no SQLite database {path}.")
        try:
            with (
                contextlib.closing(self._connect(path)) as connection,
                connection,
            ):
                connection.set_authorizer(_only_this_database)
                return max(0, connection.execute(statement).rowcount)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise OutsideRefusal(f"SQLite says: {error}.") from error

    def dump(self, database: Database, path: Path) -> None:
        """A SQLite file, as it is at one moment: who writes meanwhile does not wait."""
        unfinished = path.with_name(f"{path.name}.part")
        with _translated(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished.unlink(missing_ok=True)
            unfinished.touch(mode=0o600)
        with self._open(_path(database)) as source, self._open(unfinished) as target:
            source.backup(target)
        with _translated(path):
            unfinished.replace(path)

    def restore(self, database: Database, path: Path) -> None:
        """In one transaction."""
        self.ensure(database)
        with self._open(path) as source, self._open(_path(database)) as target:
            source.backup(target)

    @contextlib.contextmanager
    def _open(self, path: Path) -> Iterator[sqlite3.Connection]:
        """A file that is there: SQLite would make an empty one."""
        if not path.exists():
            raise OutsideRefusal(f"There is no SQLite database {path}.")
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
        raise OutsideRefusal(
            f"{path} is no file, or leads elsewhere.",
            remedy="Look who has put it there; move it away, or put a backup in its place.",
        )


def _only_this_database(action: int, *_: object) -> int:
    # The owner of the file could open any other one: that is what an account is for elsewhere.
    others = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if action in others else sqlite3.SQLITE_OK


def _opened() -> Iterator[os.stat_result]:
    """What this process has opened."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the directory itself, and what ends meanwhile
            yield descriptor.stat()


def _path(database: Database) -> Path:
    path = Path(database.name)
    if not path.is_absolute():
        raise BadInput(
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
        raise OutsideError(f"The SQLite database {path} is not usable now: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise OutsideRefusal(
            f"{path} is not usable as a SQLite database: {error}.",
            remedy="Move it away, or put a backup in its place.",
        ) from error
    except OSError as error:
        raise OutsideRefusal(
            f"The SQLite database {path} cannot be reached: {error.strerror}.",
            remedy="See who owns its directories, and whether the disk is full.",
        ) from error
