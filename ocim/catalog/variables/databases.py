"""Variables about databases, whose names differ between services."""

from typing import Any

from ocim.core.instance import Database

_ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "mysql": "django.db.backends.mysql",
    "postgresql": "django.db.backends.postgresql",
}


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
