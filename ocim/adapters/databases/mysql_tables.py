"""Tables of MySQL and MariaDB: their exchange with those of another database."""

from pymysql.connections import Connection

from ocim.adapters.databases.mysql_connection import name, rows
from ocim.core.errors import PermanentError
from ocim.core.texts import listed


def views(connection: Connection) -> list[str]:
    """Return the names of the views in the connection's database."""
    tables = rows(connection, "SHOW FULL TABLES WHERE table_type = 'VIEW'")
    return [view for view, _ in tables]


def require_no_triggers(connection: Connection, database: str) -> None:
    """Raise PermanentError if the connection's database has triggers.

    The server moves no table with a trigger to another database.
    """
    if triggers := [row[0] for row in rows(connection, "SHOW TRIGGERS")]:
        raise PermanentError(
            f"{database} has triggers ({listed(triggers)}): Ocim could not restore its tables.",
            remedy="Drop the triggers, or back the database up with the server's own tools.",
        )


def exchange(connection: Connection, new: str, database: str, old: str) -> None:
    """Move the tables of `database` to `old`, and those of `new` to it, in one statement."""
    moves = [(database, table, old) for table in _tables(connection, database)]
    moves += [(new, table, database) for table in _tables(connection, new)]
    if moves:
        renames = (
            f"{name(source)}.{name(table)} TO {name(target)}.{name(table)}"
            for source, table, target in moves
        )
        rows(connection, "RENAME TABLE " + ", ".join(renames))


def _tables(connection: Connection, database: str) -> list[str]:
    shown = f"SHOW FULL TABLES FROM {name(database)} WHERE table_type = 'BASE TABLE'"
    return [table for table, _ in rows(connection, shown)]
