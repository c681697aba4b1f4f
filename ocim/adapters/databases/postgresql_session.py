"""A session on a database of PostgreSQL."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import psycopg
from psycopg.pq import TransactionStatus

from ocim.adapters.databases.postgresql_connection import Connection, connect, in_words, translated
from ocim.adapters.databases.scratch import server_of
from ocim.adapters.databases.statements import GRACE, StuckStatement, run_limited
from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Account, Database

SAVEPOINT = "ocim_before_statement"
_OF_TRANSACTIONS = re.compile(
    r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*"
    r"(BEGIN|START|SAVEPOINT|RELEASE|ROLLBACK|ABORT|COMMIT|END|PREPARE)\b",
    re.DOTALL | re.IGNORECASE,
)
"""Statements that change transactions or savepoints."""


class PostgresqlSession:
    """A SqlSession that connects with its first statement.

    As on other servers, a statement that fails does not end its transaction: each is run after a
    savepoint.
    """

    def __init__(
        self, database: Database, *, seconds: float, require: Callable[[Database], None]
    ) -> None:
        self._database = database
        self._server = server_of(database)
        self._account = Account(database.user, database.password)
        self._seconds = seconds
        self._require = require
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def in_transaction(self) -> bool:
        """True while a transaction is open."""
        return self._connection is not None and _is_in_transaction(self._connection)

    def open(self) -> None:
        """Connect, unless there is a connection."""
        self._connected()

    def execute(self, statement: str) -> int:
        """Run the statement on the session's connection, and return the number of rows."""
        connection = self._connected()
        try:
            return run_limited(
                lambda: _execute(connection, statement),
                cancel=lambda: _cancel(connection),
                seconds=self._seconds,
            )
        except (psycopg.Error, UnicodeError, ValueError) as error:
            if connection.closed:
                self._close()
                raise self._lost(in_words(error)) from error
            raise PermanentError(f"PostgreSQL says: {in_words(error)}.") from error
        except StuckStatement as error:
            self._close()
            raise self._lost("a statement did not end") from error.__cause__

    def _connected(self) -> Connection:
        if self._connection is None:
            self._require(self._database)
            with translated(self._server):
                self._connection = connect(self._server, self._account, self._database.name)
        return self._connection

    def _lost(self, reason: str) -> TransientError:
        return TransientError(
            f"The session with {self._database.name} was lost, with its temporary tables and"
            f" settings: {reason}."
        )

    def _close(self) -> None:
        """Close the connection; the server rolls back what is not committed."""
        connection, self._connection = self._connection, None
        if connection:
            connection.close()


def _execute(connection: Connection, statement: str) -> int | None:
    guarded = _is_in_transaction(connection) and not _OF_TRANSACTIONS.match(statement)
    if guarded:
        connection.execute(f"SAVEPOINT {SAVEPOINT}")
    try:
        cursor = connection.execute(statement.encode())
    except psycopg.Error:
        if guarded and not connection.closed:
            connection.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
        raise
    if guarded:
        connection.execute(f"RELEASE SAVEPOINT {SAVEPOINT}")
    return None if cursor.description else max(0, cursor.rowcount)


def _cancel(connection: Connection) -> None:
    with suppress(psycopg.Error, OSError):
        connection.cancel_safe(timeout=GRACE)


def _is_in_transaction(connection: Connection) -> bool:
    return connection.info.transaction_status in (
        TransactionStatus.INTRANS,
        TransactionStatus.INERROR,
    )
