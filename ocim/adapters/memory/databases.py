"""Instance databases in memory."""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from ocim.core import stopping
from ocim.core.errors import OcimError, PermanentError
from ocim.core.instance import Database

LOOK = 10_000
"""Instructions of SQLite's own between two looks at what may end a statement."""
Hook = Callable[[Database, str], None]


class MemoryDatabases:
    """Knows which databases there are; `sizes` and the hooks may be set by a test."""

    def __init__(self, kind: str = "sqlite", *, statement_timeout: float = 600.0) -> None:
        self.kind = kind
        self.statement_timeout = statement_timeout
        self.sizes: dict[tuple[str, int, str], int] = {}
        """In bytes, by host, port and name."""
        self.before: Hook = lambda _database, _statement: None
        """Called with every statement, before it is run …"""
        self.after: Hook = lambda _database, _statement: None
        """… and after it was."""
        self._contents: dict[tuple[str, int, str], tuple[str, sqlite3.Connection]] = {}

    def ensure(self, database: Database) -> None:
        """Remember it."""
        self.sizes.setdefault(_key(database), 0)

    def drop(self, database: Database) -> None:
        """Forget it."""
        self.sizes.pop(_key(database), None)
        if content := self._contents.pop(_key(database), None):
            content[1].close()

    def size(self, database: Database) -> int | None:
        """What was set, 0 at first."""
        return self.sizes.get(_key(database))

    @contextlib.contextmanager
    def session(self, database: Database) -> Iterator["MemorySession"]:
        """Connect, at the first statement, to a SQLite database in memory."""
        session = MemorySession(self, database)
        try:
            yield session
        finally:
            session.close()

    def dump(self, database: Database, path: Path) -> None:
        """A SQLite file."""
        stopping.check()
        unfinished = path.with_name(f"{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        with contextlib.closing(sqlite3.connect(unfinished)) as target:
            self._content(database)[1].backup(target)
        unfinished.replace(path)

    def restore(self, database: Database, path: Path) -> None:
        """From a SQLite file."""
        stopping.check()
        if not path.exists():
            raise PermanentError(f"There is no SQLite database {path}.")
        self.ensure(database)
        with contextlib.closing(sqlite3.connect(path)) as source:
            source.backup(self._content(database)[1])

    def connect(self, database: Database) -> sqlite3.Connection:
        """Open another connection to the database's content."""
        return _connect(self._content(database)[0])

    def _content(self, database: Database) -> tuple[str, sqlite3.Connection]:
        """Where it is, and the connection that keeps it there."""
        key = _key(database)
        if key not in self.sizes:
            raise PermanentError(f"There is no database {database.name}.")
        if key not in self._contents:
            place = f"file:/{uuid4().hex}?vfs=memdb"
            self._contents[key] = (place, _connect(place))
        return self._contents[key]

    def close(self) -> None:
        """Let go of what statements left."""
        for _, content in self._contents.values():
            content.close()
        self._contents.clear()


class MemorySession:
    """See the port."""

    def __init__(self, databases: MemoryDatabases, database: Database) -> None:
        self._databases = databases
        self._database = database
        self._connection: sqlite3.Connection | None = None

    @property
    def in_transaction(self) -> bool:
        """As SQLite says."""
        return self._connection is not None and self._connection.in_transaction

    def execute(self, statement: str) -> int:
        """Run it in this process."""
        stopping.check()
        if self._connection is None:
            self._connection = self._databases.connect(self._database)
        self._databases.before(self._database, statement)
        limit = self._databases.statement_timeout
        deadline = time.monotonic() + limit
        ends: list[OcimError] = []

        def is_over() -> bool:
            try:
                stopping.check()
            except OcimError as end:
                ends.append(end)
            return bool(ends) or time.monotonic() > deadline

        self._connection.set_progress_handler(is_over, LOOK)
        try:
            with contextlib.closing(self._connection.execute(statement)) as cursor:
                for _ in cursor:
                    pass
                rows = max(0, cursor.rowcount)
        except (sqlite3.Error, sqlite3.Warning) as error:
            if ends:
                raise ends[0] from error
            if time.monotonic() > deadline:
                raise PermanentError(
                    f"The statement took over {limit:g} s, and was ended."
                ) from error
            raise PermanentError(f"SQLite says: {error}.") from error
        self._databases.after(self._database, statement)
        return rows

    def close(self) -> None:
        """Roll back what is not committed."""
        if self._connection:
            self._connection.close()
            self._connection = None


def _connect(place: str) -> sqlite3.Connection:
    return sqlite3.connect(place, 0, isolation_level=None, check_same_thread=False, uri=True)


def _key(database: Database) -> tuple[str, int, str]:
    return (database.host, database.port, database.name)
