"""A session on a database of MySQL or MariaDB."""

from collections.abc import Callable
from contextlib import closing, suppress
from typing import Self

import pymysql
from pymysql.connections import Connection
from pymysql.constants import SERVER_STATUS
from pymysql.cursors import SSCursor

from ocim.adapters.databases.mysql_connection import (
    connect,
    in_words,
    rows,
    translated,
)
from ocim.adapters.databases.scratch import server_of
from ocim.adapters.databases.statements import StuckStatement, run_limited
from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Account, Database


class MysqlSession:
    """A SqlSession that connects with its first statement."""

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
        """True while a transaction is open, as the server says with each answer."""
        return self._connection is not None and bool(
            self._connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS
        )

    def open(self) -> None:
        """Connect, unless there is a connection."""
        self._connected()

    def execute(self, statement: str) -> int:
        """Run the statement on the session's connection, and return the number of rows."""
        connection = self._connected()
        try:
            return run_limited(
                lambda: _execute(connection, statement),
                cancel=lambda: self._kill(connection.thread_id()),
                seconds=self._seconds,
            )
        except (pymysql.Error, UnicodeError, ValueError) as error:
            if self._is_lost(connection):
                raise self._lost(in_words_of(error)) from error
            raise PermanentError(f"The server says: {in_words_of(error)}.") from error
        except StuckStatement as error:
            self._close()
            raise self._lost("a statement did not end") from error.__cause__
        except BaseException:
            self._is_lost(connection)
            raise

    def _connected(self) -> Connection:
        if self._connection is None:
            self._require(self._database)
            with translated(self._server):
                self._connection = connect(
                    self._server, self._account, self._database.name, answer=None
                )
        return self._connection

    def _is_lost(self, connection: Connection) -> bool:
        """Return True if the connection has ended; else learn whether a transaction is open."""
        with suppress(pymysql.Error, OSError):
            rows(connection, "DO 0")
            return False
        self._close()
        return True

    def _kill(self, thread: int) -> None:
        """End the statement on the server, by another connection of the same account."""
        with (
            suppress(pymysql.Error, OSError),
            closing(connect(self._server, self._account)) as connection,
        ):
            rows(connection, f"KILL QUERY {thread:d}")

    def _lost(self, reason: str) -> TransientError:
        return TransientError(
            f"The session with {self._database.name} was lost, with its temporary tables and"
            f" settings: {reason}."
        )

    def _close(self) -> None:
        """Close the connection; the server rolls back what is not committed."""
        connection, self._connection = self._connection, None
        if connection:
            with suppress(pymysql.Error, OSError):
                connection.close()


def in_words_of(error: Exception) -> str:
    """Return the message of an error of the server, or of the driver."""
    return in_words(error) if isinstance(error, pymysql.Error) else str(error)


def _execute(connection: Connection, statement: str) -> int | None:
    with connection.cursor(SSCursor) as cursor:
        cursor.execute(statement)
        if cursor.description is None:
            return int(cursor.rowcount)
        for _ in cursor:
            pass  # read every row, so that a query runs to its end
        return None
