"""Examination of a server of PostgreSQL."""

from collections.abc import Iterator

from ocim.adapters.databases.postgresql_connection import Connection
from ocim.core.databases import ServerFacts
from ocim.core.errors import PermanentError

OLDEST = 13
"""Oldest version that Ocim's statements run on."""
_OWN = frozenset({"postgres", "template0", "template1"})
"""Databases of the server itself."""


def examine(connection: Connection) -> ServerFacts:
    """Return the server's facts. Raise PermanentError if it is too old, or the rights too few."""
    number = connection.info.server_version
    version = f"{number // 10000}.{number % 10000}"
    if number < OLDEST * 10000:
        raise PermanentError(
            f"It is PostgreSQL {version}.", remedy=f"Use PostgreSQL {OLDEST} or newer."
        )
    rights = connection.execute(
        "SELECT rolsuper OR (rolcreatedb AND rolcreaterole), rolsuper"
        " FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if not rights or not rights[0]:
        raise PermanentError(
            "The account may not create databases and roles.",
            remedy="Give it CREATEDB and CREATEROLE, or name another account.",
        )
    # Nobody may ask for the size of a database that he may not connect to.
    sizes = connection.execute(
        "SELECT datname, CASE WHEN has_database_privilege(oid, 'CONNECT')"
        " OR pg_has_role('pg_read_all_stats', 'MEMBER') THEN pg_database_size(oid) ELSE 0 END"
        " FROM pg_database"
    ).fetchall()
    connections = connection.execute(
        "SELECT datname, COUNT(*) FROM pg_stat_activity WHERE datname IS NOT NULL GROUP BY datname"
    ).fetchall()
    return ServerFacts(
        f"PostgreSQL {version}",
        {name: int(size) for name, size in sizes if name not in _OWN},
        {name: count for name, count in connections if name not in _OWN},
        is_strict=True,
        problems=tuple(_problems(connection)),
    )


def _problems(connection: Connection) -> Iterator[str]:
    if _setting(connection, "password_encryption") != "scram-sha-256":
        yield "password_encryption is not scram-sha-256. Set it in the server's configuration."
    if (limit := int(_setting(connection, "max_connections"))) < 100:  # noqa: PLR2004
        yield f"max_connections is {limit}. Each app server needs some 20."


def _setting(connection: Connection, name: str) -> str:
    [value] = connection.execute("SELECT current_setting(%s)", [name]).fetchone() or [""]
    return str(value)
