"""Instance databases in memory."""

import contextlib
import sqlite3
from pathlib import Path

from ocim.core.errors import OutsideRefusal
from ocim.core.spec import Database


class MemoryDatabases:
    """Knows which databases there are; `sizes` may be set by a test."""

    def __init__(self, kind: str = "sqlite") -> None:
        self.kind = kind
        self.sizes: dict[tuple[str, int, str], int] = {}
        """In bytes, by host, port and name."""
        self._contents: dict[tuple[str, int, str], sqlite3.Connection] = {}

    def ensure(self, database: Database) -> None:
        """Remember it."""
        self.sizes.setdefault(_key(database), 0)

    def drop(self, database: Database) -> None:
        """Forget it."""
        self.sizes.pop(_key(database), None)
        if content := self._contents.pop(_key(database), None):
            content.close()

    def size(self, database: Database) -> int | None:
        """What was set, 0 at first."""
        return self.sizes.get(_key(database))

    def execute(self, database: Database, statement: str) -> int:
        """Run it on a SQLite database in memory that is made for it."""
        try:
            with self._content(database) as content:
                return max(0, content.execute(statement).rowcount)
        except sqlite3.Error as error:
            raise OutsideRefusal(f"SQLite says: {error}.") from error

    def dump(self, database: Database, path: Path) -> None:
        """A SQLite file."""
        unfinished = path.with_name(f"{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        with contextlib.closing(sqlite3.connect(unfinished)) as target:
            self._content(database).backup(target)
        unfinished.replace(path)

    def restore(self, database: Database, path: Path) -> None:
        """From a SQLite file."""
        if not path.exists():
            raise OutsideRefusal(f"There is no SQLite database {path}.")
        self.ensure(database)
        with contextlib.closing(sqlite3.connect(path)) as source:
            source.backup(self._content(database))

    def _content(self, database: Database) -> sqlite3.Connection:
        key = _key(database)
        if key not in self.sizes:
            raise OutsideRefusal(f"There is no database {database.name}.")
        if key not in self._contents:
            self._contents[key] = sqlite3.connect(":memory:", check_same_thread=False)
        return self._contents[key]

    def close(self) -> None:
        """Let go of what statements left."""
        for content in self._contents.values():
            content.close()
        self._contents.clear()


def _key(database: Database) -> tuple[str, int, str]:
    return (database.host, database.port, database.name)
