"""Instance databases in memory."""

from ocim.core.spec import Database


class MemoryDatabases:
    """Knows which databases there are; `sizes` may be set by a test."""

    def __init__(self, kind: str = "sqlite") -> None:
        self.kind = kind
        self.sizes: dict[tuple[str, int, str], int] = {}
        """In bytes, by host, port and name."""

    def ensure(self, database: Database) -> None:
        """Remember it."""
        self.sizes.setdefault(_key(database), 0)

    def drop(self, database: Database) -> None:
        """Forget it."""
        self.sizes.pop(_key(database), None)

    def size(self, database: Database) -> int | None:
        """What was set, 0 at first."""
        return self.sizes.get(_key(database))


def _key(database: Database) -> tuple[str, int, str]:
    return (database.host, database.port, database.name)
