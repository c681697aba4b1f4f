"""Variables about databases, whose names differ between services."""

import re
from typing import Any

from ocim.catalog.variables.known import KNOWN
from ocim.core.instance import Database

_ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "mysql": "django.db.backends.mysql",
    "postgresql": "django.db.backends.postgresql",
}
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


def engine(database: Database) -> str:
    """Return Django's engine for the kind of database."""
    return _ENGINES[database.kind]


def edxapp_like(prefix: str, database: Database) -> dict[str, Any]:
    """Return the variables `<prefix>_DB_NAME`, `_USER`, … as the LMS and xqueue name them."""
    return {
        f"{prefix}_DB_NAME": database.name,
        f"{prefix}_USER": database.user,
        f"{prefix}_PASSWORD": database.password,
        f"{prefix}_HOST": database.host,
        f"{prefix}_PORT": str(database.port or ""),
    }
