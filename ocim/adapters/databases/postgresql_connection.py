"""Connections to PostgreSQL, and their errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from ocim.adapters.databases.tools import authority_file
from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import Account, DatabaseHost

Connection = psycopg.Connection[tuple[Any, ...]]
CONNECT = 10
"""Time limit for a connection, in seconds."""
MAINTENANCE = "postgres"
"""Database that administrators connect to."""
_PASSING = (
    psycopg.errors.AdminShutdown,
    psycopg.errors.CannotConnectNow,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.ObjectInUse,
    psycopg.errors.TooManyConnections,
)


def connect(server: DatabaseHost, account: Account, database: str = MAINTENANCE) -> Connection:
    """Connect to a database on a server; each statement is committed at once."""
    with authority_file(server) as authority:
        values = parameters(server, account, database, authority)
        values["dbname"] = values.pop("database")
        return psycopg.connect(**values, connect_timeout=CONNECT, autocommit=True)  # type: ignore[arg-type]


def parameters(
    server: DatabaseHost, account: Account, database: str, authority: str
) -> dict[str, str]:
    """Return the parameters of a connection, named as the variables PGHOST, PGPORT … are."""
    tls = {"sslmode": "verify-full", "sslrootcert": authority} if server.tls else {}
    return {
        "host": server.host,
        "port": str(server.port),
        "user": account.user,
        "password": account.password.reveal(),
        "database": database,
        **tls,
    }


def exists(connection: Connection, database: str) -> bool:
    """Return True if the database exists."""
    result = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    return result.fetchone() is not None


def in_words(error: Exception) -> str:
    """Return the server's message in one line, without the statement."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else ""
    return " ".join((primary or str(error)).split()).rstrip(".")


@contextmanager
def translated(server: DatabaseHost) -> Iterator[None]:
    """Raise TransientError or PermanentError instead of the driver's errors."""
    try:
        yield
    except psycopg.Error as error:
        where = f"{server.host}:{server.port}"
        text = in_words(error)
        rejected = "authentication failed" in text or "no pg_hba.conf entry" in text
        no_answer = isinstance(error, psycopg.OperationalError) and error.sqlstate is None
        if isinstance(error, _PASSING) or (no_answer and not rejected):
            raise TransientError(
                f"The database server {where} does not answer: {text}.",
                remedy="Check that it is running, and that this machine can reach it.",
            ) from error
        raise PermanentError(f"The database server {where} says: {text}.") from error
