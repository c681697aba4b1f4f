"""Whether this server can do its work: its database answers and is migrated."""

from functools import cache

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse


def heartbeat(_request: HttpRequest) -> JsonResponse:
    """200 where the database answers and has every migration of this release, else 503."""
    checks = {"sql": "OK", "migrations": "OK"}
    try:
        connection.ensure_connection()
        missing = wanted_migrations() - set(MigrationRecorder(connection).applied_migrations())
        if missing:
            checks["migrations"] = f"missing: {', '.join(sorted('.'.join(key) for key in missing))}"
    except Error as error:
        checks["sql"] = str(error)
    healthy = all(message == "OK" for message in checks.values())
    report = {
        name: {"status": message == "OK", "message": message} for name, message in checks.items()
    }
    return JsonResponse(
        {"release": settings.RELEASE.version, **report}, status=200 if healthy else 503
    )


@cache
def wanted_migrations() -> frozenset[tuple[str, str]]:
    """(app, migration) of all that this release's code brings."""
    return frozenset(MigrationLoader(None).disk_migrations or {})
