"""Examination of a server of MySQL or MariaDB."""

import re
from collections.abc import Iterator

from pymysql.connections import Connection

from ocim.adapters.databases.mysql_connection import rows
from ocim.core.databases import ServerFacts
from ocim.core.errors import PermanentError

OLDEST = {"MariaDB": (10, 5), "MySQL": (5, 7)}
"""Oldest versions that Ocim's statements run on."""
SMALLEST_PACKET = 16 << 20
"""Least value of `max_allowed_packet`, in bytes: upstream's services store larger texts."""
_OWN = frozenset({"mysql", "information_schema", "performance_schema", "sys"})
"""Databases of the server itself."""


def examine(connection: Connection) -> ServerFacts:
    """Return the server's facts. Raise PermanentError if it is too old, or the rights too few."""
    [(version, sql_mode, charset, packet)] = rows(
        connection,
        "SELECT VERSION(), @@GLOBAL.sql_mode, @@GLOBAL.character_set_server,"
        " @@GLOBAL.max_allowed_packet",
    )
    product = "MariaDB" if "mariadb" in version.lower() else "MySQL"
    number = re.match(r"[\d.]*", version)[0]  # type: ignore[index]
    if tuple(map(int, number.split(".")[:2])) < OLDEST[product]:
        oldest = ".".join(map(str, OLDEST[product]))
        raise PermanentError(
            f"It is {product} {number}.", remedy=f"Use {product} {oldest} or newer."
        )
    _require_rights(connection)
    sizes = rows(
        connection,
        "SELECT s.schema_name, COALESCE(SUM(t.data_length + t.index_length), 0)"
        " FROM information_schema.schemata s"
        " LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name"
        " GROUP BY s.schema_name",
    )
    connections = rows(
        connection,
        "SELECT db, COUNT(*) FROM information_schema.processlist WHERE db IS NOT NULL GROUP BY db",
    )
    return ServerFacts(
        f"{product} {number}",
        {name: int(size) for name, size in sizes if name not in _OWN},
        {name: count for name, count in connections if name not in _OWN},
        is_strict="STRICT_" in sql_mode,
        problems=tuple(_problems(sql_mode, charset, packet)),
    )


def _require_rights(connection: Connection) -> None:
    grants = " ".join(text for (text,) in rows(connection, "SHOW GRANTS FOR CURRENT_USER"))
    everywhere = re.findall(r"GRANT (.*?) ON \*\.\* TO .*?(?=GRANT |\Z)", grants)
    creates = any("ALL PRIVILEGES" in text or "CREATE USER" in text for text in everywhere)
    if not creates or "WITH GRANT OPTION" not in grants:
        raise PermanentError(
            "The account may not create databases and accounts.",
            remedy="Give it ALL PRIVILEGES ON *.* WITH GRANT OPTION, or name another account.",
        )


def _problems(sql_mode: str, charset: str, packet: int) -> Iterator[str]:
    if "STRICT_" in sql_mode:
        yield (
            "sql_mode is strict: SQL before an upgrade has to name a value for each column without"
            " default, such as `applied` of django_migrations. Services work with it."
        )
    if "ANSI" in sql_mode or "NO_BACKSLASH_ESCAPES" in sql_mode:
        yield f"sql_mode is {sql_mode}: Django needs one without ANSI and NO_BACKSLASH_ESCAPES."
    if charset != "utf8mb4":
        yield f"character_set_server is {charset}. Set it to utf8mb4 in the server's configuration."
    if packet < SMALLEST_PACKET:
        yield (
            f"max_allowed_packet is {packet} bytes. Set it to {SMALLEST_PACKET} or more: services"
            " and backups have larger rows."
        )
