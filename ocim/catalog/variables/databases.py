"""Variables about databases, whose names differ between services."""

import re
from collections.abc import Mapping
from typing import Any

from ocim.catalog.variables.known import KNOWN
from ocim.core.errors import ValidationError
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


def require_no_databases(extra: Mapping[str, Any]) -> None:
    """Raise ValidationError if an operator's settings name databases or their accounts.

    Ocim creates, backs up and upgrades the instance's own databases. Two instances with one name on
    a shared server would have the same.
    """
    named = [name for name in extra if name in KNOWN and _OF_DATABASES.fullmatch(name)]
    if named:
        raise ValidationError(
            [
                f"{name}: Ocim sets this variable, for databases of the instance alone."
                for name in named
            ],
            remedy="Remove it. To use a database server, register it with `ocim database-server"
            " register`, and name it when the instance is created.",
        )


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
