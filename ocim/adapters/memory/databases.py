"""Instance databases in memory."""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from ocim.core import stopping
from ocim.core.databases import ServerFacts
from ocim.core.errors import OcimError, PermanentError, TransientError
from ocim.core.instance import Database, DatabaseHost

LOOK = 10_000
"""Number of SQLite instructions between two checks whether a statement has to end."""
Hook = Callable[[Database, str], None]


class MemoryDatabases:
    """Databases in memory; tests may set `sizes` and the hooks."""

    def __init__(self, kind: str = "sqlite", *, statement_timeout: float = 600.0) -> None:
        self.kind = kind
        self.statement_timeout = statement_timeout
        self.sizes: dict[tuple[str, int, str], int] = {}
        """Size in bytes by host, port and name; a database without a size does not exist."""
        self.accounts: dict[tuple[str, int, str], set[str]] = {}
        """Users of each database, by host, port and name."""
        self.before: Hook = lambda _database, _statement: None
        """Hook that is called with every statement, before it runs."""
        self.after: Hook = lambda _database, _statement: None
        """Hook that is called with every statement, after it succeeded."""
        self.away: set[str] = set()
        """Hosts of servers that do not answer; a hook may add one in the middle of a session."""
        self.is_strict = False
        """True if every server is strict."""
        self.problems: tuple[str, ...] = ()
        """Problems of every server."""
        self._contents: dict[tuple[str, int, str], tuple[str, sqlite3.Connection]] = {}

    def examine(self, server: DatabaseHost) -> ServerFacts:
        """Return the version and the databases that were made. Raise TransientError if `away`."""
        self._reach(server.host)
        sizes = {
            name: size
            for (host, port, name), size in self.sizes.items()
            if (host, port) == (server.host, server.port)
        }
        return ServerFacts(
            f"Memory of {self.kind}", sizes, {}, is_strict=self.is_strict, problems=self.problems
        )

    def ensure(self, database: Database) -> None:
        """Add the database with size 0 unless it exists."""
        self._reach(database.host)
        self.sizes.setdefault(_key(database), 0)
        self.accounts.setdefault(_key(database), set()).add(database.user)

    def drop(self, database: Database) -> None:
        """Remove the database with its content."""
        self._reach(database.host)
        self.sizes.pop(_key(database), None)
        self.accounts.pop(_key(database), None)
        if content := self._contents.pop(_key(database), None):
            content[1].close()

    def retire(self, database: Database) -> None:
        """Forget the accounts."""
        self._reach(database.host)
        self.accounts.get(_key(database), set()).discard(database.user)

    def size(self, database: Database) -> int | None:
        """Return the size that was set; None if the database does not exist."""
        self._reach(database.host)
        return self.sizes.get(_key(database))

    @contextlib.contextmanager
    def session(self, database: Database) -> Iterator["MemorySession"]:
        """Open a session; it connects to a SQLite database in memory at its first statement."""
        session = MemorySession(self, database)
        try:
            yield session
        finally:
            session.close()

    def dump(self, database: Database, path: Path) -> None:
        """Write a SQLite file."""
        stopping.check()
        unfinished = path.with_name(f"{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        with contextlib.closing(sqlite3.connect(unfinished)) as target:
            self._content(database)[1].backup(target)
        unfinished.replace(path)

    def restore(self, database: Database, path: Path) -> None:
        """Replace the content by that of a SQLite file."""
        stopping.check()
        if not path.exists():
            raise PermanentError(f"There is no SQLite database {path}.")
        self.ensure(database)
        with contextlib.closing(sqlite3.connect(path)) as source:
            source.backup(self._content(database)[1])

    def copy(self, source: Database, target: Database) -> None:
        """Copy a SQLite database in memory."""
        stopping.check()
        self.ensure(target)
        self._content(source)[1].backup(self._content(target)[1])

    def connect(self, database: Database) -> sqlite3.Connection:
        """Open another connection to the database's content."""
        return _connect(self._content(database)[0])

    def _content(self, database: Database) -> tuple[str, sqlite3.Connection]:
        """Return the content's URI, and the connection that keeps it in memory."""
        self._reach(database.host)
        key = _key(database)
        if key not in self.sizes:
            raise PermanentError(f"There is no database {database.name}.")
        if key not in self._contents:
            uri = f"file:/{uuid4().hex}?vfs=memdb"
            self._contents[key] = (uri, _connect(uri))
        return self._contents[key]

    def _reach(self, host: str) -> None:
        if host in self.away:
            raise TransientError(f"The database server {host} does not answer.")

    def close(self) -> None:
        """Close the connections that statements have opened."""
        for _, content in self._contents.values():
            content.close()
        self._contents.clear()


class MemorySession:
    """A SqlSession on a database in memory."""

    def __init__(self, databases: MemoryDatabases, database: Database) -> None:
        self._databases = databases
        self._database = database
        self._connection: sqlite3.Connection | None = None

    @property
    def in_transaction(self) -> bool:
        """True while a transaction is open."""
        return self._connection is not None and self._connection.in_transaction

    def open(self) -> None:
        """Connect, unless there is a connection."""
        self._connected()

    def execute(self, statement: str) -> int:
        """Run the statement in this process, between the hooks.

        Raise TransientError if the first hook leaves the server `away`; the connection is lost.
        """
        stopping.check()
        connection = self._connected()
        self._databases.before(self._database, statement)
        if self._database.host in self._databases.away:
            self.close()
            raise TransientError(f"The session with {self._database.name} was lost.")
        limit = self._databases.statement_timeout
        deadline = time.monotonic() + limit
        ends: list[OcimError] = []

        def is_over() -> bool:
            try:
                stopping.check()
            except OcimError as end:
                ends.append(end)
            return bool(ends) or time.monotonic() > deadline

        connection.set_progress_handler(is_over, LOOK)
        try:
            with contextlib.closing(connection.execute(statement)) as cursor:
                for _ in cursor:
                    pass
                rows = max(0, cursor.rowcount)
        except (sqlite3.Error, sqlite3.Warning) as error:
            if ends:
                raise ends[0] from error
            if time.monotonic() > deadline:
                raise PermanentError(
                    f"The statement took over {limit:g} s and was ended."
                ) from error
            raise PermanentError(f"SQLite says: {error}.") from error
        self._databases.after(self._database, statement)
        return rows

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._databases.connect(self._database)
        return self._connection

    def close(self) -> None:
        """Roll back what is not committed, and close the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, 0, isolation_level=None, check_same_thread=False, uri=True)


def _key(database: Database) -> tuple[str, int, str]:
    return (database.host, database.port, database.name)
