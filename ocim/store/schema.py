"""The schema of the database, and its clock, compared with what this process expects."""

from datetime import datetime, timedelta

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone


def schema_fault() -> str:
    """Return how the database's schema differs from this version of Ocim; empty if it does not."""
    loader = MigrationLoader(connection)
    known, applied = set(loader.graph.nodes), set(loader.applied_migrations)
    if missing := sorted(known - applied):
        return f"The database lacks migrations of this version of Ocim: {_text(missing)}."
    apps = {app for app, _ in known}
    if newer := sorted(key for key in applied - set(loader.disk_migrations) if key[0] in apps):
        return f"Another version of Ocim has migrated the database: {_text(newer)} is unknown here."
    return ""


def clock_skew() -> timedelta:
    """Return how far this machine's clock is ahead of the database's; nothing for SQLite."""
    if connection.vendor != "postgresql":
        return timedelta()
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        at_database: datetime = cursor.fetchone()[0]
    return before + (timezone.now() - before) / 2 - at_database


def _text(migrations: list[tuple[str, str]]) -> str:
    return ".".join(migrations[0])
