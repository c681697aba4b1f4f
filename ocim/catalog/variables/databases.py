"""Variables about databases, whose names differ between services."""

import re
from typing import Any

from ocim.catalog.variables.known import KNOWN
from ocim.core.instance import Database

_ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgresql": "django.db.backends.postgresql",
}
_MYSQLS_PORT = 3306
NOT_UPSTREAMS = (
    "EDXAPP_DATABASE_ENGINE",
    "ECOMMERCE_DATABASE_ENGINE",
    "ECOMMERCE_DATABASE_PORT",
    "DISCOVERY_DATABASE_ENGINE",
    "DISCOVERY_MYSQL_PORT",
)
"""Variables that Ocim sets where a database is not MySQL's, or at another port than 3306."""
_OF_DATABASES = re.compile(
    r"(EDXAPP|XQUEUE|ECOMMERCE|DISCOVERY)_(MYSQL|DATABASE|DEFAULT_DB).*"
    r"|COMMON_MYSQL_(MIGRATE|READ_ONLY)_.*"
)


def names_database(variable: str) -> bool:
    """Return True if the variable names a database of the instance, or an account there.

    Ocim creates, backs up and upgrades these databases. Two instances with one name on a shared
    server would have the same.
    """
    return variable in KNOWN and bool(_OF_DATABASES.fullmatch(variable))


def engine(name: str, database: Database) -> dict[str, Any]:
    """Return the variable of Django's engine; none for MySQL, the only one that upstream knows."""
    return {} if database.kind == "mysql" else {name: _ENGINES[database.kind]}


def port(name: str, database: Database) -> dict[str, Any]:
    """Return the variable of the port; none for MySQL's own, the only one that upstream knows."""
    return {name: str(database.port)} if database.port not in (None, 0, _MYSQLS_PORT) else {}


def edxapp_like(prefix: str, database: Database) -> dict[str, Any]:
    """Return the variables `<prefix>_DB_NAME`, `_USER`, … as the LMS and xqueue name them."""
    return {
        f"{prefix}_DB_NAME": database.name,
        f"{prefix}_USER": database.user,
        f"{prefix}_PASSWORD": database.password,
        f"{prefix}_HOST": database.host,
        f"{prefix}_PORT": str(database.port or ""),
    }
