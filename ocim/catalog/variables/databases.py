"""The variables that name a database, which every service calls by names of its own."""

from typing import Any

from ocim.core.instance import Database

_ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "mysql": "django.db.backends.mysql",
    "postgresql": "django.db.backends.postgresql",
}


def engine(database: Database) -> str:
    """Django's name for the kind of database."""
    return _ENGINES[database.kind]


def edxapp_like(prefix: str, database: Database) -> dict[str, Any]:
    """As the LMS and xqueue name it: `<prefix>_DB_NAME`, `_USER`, `_PASSWORD`, `_HOST`, `_PORT`."""
    return {
        f"{prefix}_DB_NAME": database.name,
        f"{prefix}_USER": database.user,
        f"{prefix}_PASSWORD": database.password,
        f"{prefix}_HOST": database.host,
        f"{prefix}_PORT": str(database.port or ""),
    }
