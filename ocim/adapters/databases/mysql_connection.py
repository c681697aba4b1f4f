"""Connections to MySQL and MariaDB, their statements and errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CLIENT, CR, ER

from ocim.adapters.databases.tools import authority_file
from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Account, DatabaseHost

CONNECT = 10
"""Time limit for a connection, in seconds."""
ANSWER = 600
"""Time limit for an answer to one of Ocim's own statements, in seconds."""
_PASSING = frozenset(
    {
        CR.CR_CONNECTION_ERROR,
        CR.CR_CONN_HOST_ERROR,
        CR.CR_SERVER_GONE_ERROR,
        CR.CR_SERVER_LOST,
        ER.CON_COUNT_ERROR,
        ER.LOCK_DEADLOCK,
        ER.LOCK_WAIT_TIMEOUT,
        ER.SERVER_SHUTDOWN,
        ER.TOO_MANY_USER_CONNECTIONS,
    }
)
"""Numbers of the errors that may pass by themselves."""


def connect(
    server: DatabaseHost, account: Account, database: str = "", *, answer: int | None = ANSWER
) -> Connection:
    """Connect to a server, or to a database on it; each statement is committed at once.

    `answer` is the time limit for answers, in seconds; None: there is none.
    """
    with authority_file(server) as authority:
        return pymysql.connect(
            host=server.host,
            port=server.port,
            user=account.user,
            password=account.password.reveal(),
            database=database or None,
            charset="utf8mb4",
            autocommit=True,
            client_flag=CLIENT.FOUND_ROWS,  # as Django counts: rows that match, changed or not
            connect_timeout=CONNECT,
            read_timeout=answer,
            write_timeout=answer,
            **({"ssl_ca": authority, "ssl_verify_identity": True} if server.tls else {}),
        )


def rows(connection: Connection, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Run a statement, and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())


def name(identifier: str) -> str:
    """Return the identifier as SQL."""
    return "`" + identifier.replace("`", "``") + "`"


def in_words(error: pymysql.Error) -> str:
    """Return the server's or the driver's message."""
    return str(error.args[-1] if error.args else error).rstrip(".")


@contextmanager
def translated(server: DatabaseHost) -> Iterator[None]:
    """Raise TransientError or PermanentError instead of the driver's errors."""
    try:
        yield
    except UnicodeEncodeError:  # its text has a part of the password
        raise PermanentError(
            f"The password for {server.host}:{server.port} cannot be sent: the driver knows Latin-1"
            " only.",
            remedy="Give the account a password of ASCII characters.",
        ) from None
    except pymysql.Error as error:
        where = f"{server.host}:{server.port}"
        number = error.args[0] if error.args else 0
        if number in _PASSING or isinstance(error, pymysql.InterfaceError):
            raise TransientError(
                f"The database server {where} does not answer: {in_words(error)}.",
                remedy="Check that it is running, and that this machine can reach it.",
            ) from error
        raise PermanentError(f"The database server {where} says: {in_words(error)}.") from error
