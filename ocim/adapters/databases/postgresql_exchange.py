"""The exchange of a database of PostgreSQL with another one."""

import time

import psycopg
from psycopg.sql import SQL, Identifier

from ocim.adapters.databases.postgresql_connection import Connection
from ocim.core import stopping


def exchange(connection: Connection, new: str, database: str, old: str, seconds: float) -> None:
    """Rename `database` to `old` and `new` to it, in one transaction.

    That needs a moment without sessions on it: they are ended. Clients that connect again at once
    are ended again, for at most this many seconds; then the server's error is raised.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            _exchange(connection, new, database, old)
        except psycopg.errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise
            stopping.check()
        else:
            return


def _exchange(connection: Connection, new: str, database: str, old: str) -> None:
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s)",
        [[new, database]],
    )
    rename = SQL("ALTER DATABASE {} RENAME TO {}")
    with connection.transaction():
        connection.execute(rename.format(Identifier(database), Identifier(old)))
        connection.execute(rename.format(Identifier(new), Identifier(database)))
