"""The port of the database servers that instances share."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from ocim.core.databases import ServerFacts
from ocim.core.instance import Database, DatabaseHost


class SqlSession(Protocol):
    """A connection to a database; settings and transactions last from statement to statement."""

    @property
    def in_transaction(self) -> bool:
        """True while a transaction is open that a statement has begun."""

    def open(self) -> None:
        """Connect, unless the session is connected; `execute` does so, too.

        Raise TransientError if the server does not answer, PermanentError if there is no database.
        """

    def execute(self, statement: str) -> int:
        """Run one SQL statement and return the number of rows that it affected.

        Commit at once unless a transaction is open. Raise PermanentError, with the reason, if the
        statement fails or exceeds the time limit; it has no effect then. Raise TransientError if
        the session is lost with its transaction; the next statement begins a new session.
        """


class Databases(Protocol):
    """The databases of instances on shared servers of one kind.

    Slow operations have a time limit of their own, and call `stopping.check`.
    """

    kind: str

    def ensure(self, database: Database) -> None:
        """Create the database and its account unless they exist, and set the account's password."""

    def drop(self, database: Database) -> None:
        """Remove the database and its account; do nothing if there are none."""

    def retire(self, database: Database) -> None:
        """Remove the accounts that `database` names, and keep its content and other accounts."""

    def size(self, database: Database) -> int | None:
        """Return the size in bytes; None if the database does not exist."""

    def session(self, database: Database) -> AbstractContextManager[SqlSession]:
        """Open a session with the database's own account, for the block.

        What is not committed at its end is rolled back.
        """

    def dump(self, database: Database, path: Path) -> None:
        """Write the whole database to a file that only its owner can read.

        No file is left if that fails.
        """

    def restore(self, database: Database, path: Path) -> None:
        """Replace the whole content of the database by a file that `dump` wrote.

        It may be another database than the dumped one, with another account. Other sessions see
        either the old or the new content; they may be ended. The old content stays if this fails.
        """

    def copy(self, source: Database, target: Database) -> None:
        """Replace the whole content of `target` by that of `source`, as `restore` does."""


class DatabaseServers(Databases, Protocol):
    """The databases of instances on servers of one kind that are reached over the network."""

    def examine(self, server: DatabaseHost) -> ServerFacts:
        """Return the server's facts.

        Raise PermanentError if it is too old, or its account may not create databases and accounts.
        """
