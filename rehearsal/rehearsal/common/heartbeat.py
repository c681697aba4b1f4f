"""Whether this server can do its work: its database answers and is migrated."""

from functools import cache

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse


def heartbeat(_request: HttpRequest) -> JsonResponse:
    """For LMS and studio: 200 where all is well, else 503."""
    found = checks()
    report = {
        name: {"status": message == "OK", "message": message} for name, message in found.items()
    }
    return JsonResponse(
        {"release": settings.RELEASE.version, **report}, status=200 if is_well(found) else 503
    )


def health(_request: HttpRequest) -> JsonResponse:
    """For the other services, in their words. As the real ones', it looks at the database only."""
    found = checks()
    well = is_well(found)
    return JsonResponse(
        {
            "overall_status": "OK" if well else "UNAVAILABLE",
            "detailed_status": {
                "database_status": "OK" if well else "UNAVAILABLE",
                **{name: message for name, message in found.items() if message != "OK"},
            },
        },
        status=200 if well else 503,
    )


def checks() -> dict[str, str]:
    """OK, or what is wrong: does the database answer, has it this release's migrations."""
    found = {"sql": "OK", "migrations": "OK"}
    try:
        connection.ensure_connection()
        missing = wanted_migrations() - set(MigrationRecorder(connection).applied_migrations())
        if missing:
            found["migrations"] = f"missing: {', '.join(sorted('.'.join(key) for key in missing))}"
    except Error as error:
        found["sql"] = str(error)
    return found


def is_well(found: dict[str, str]) -> bool:
    return all(message == "OK" for message in found.values())


@cache
def wanted_migrations() -> frozenset[tuple[str, str]]:
    """(app, migration) of all that this release's code brings."""
    return frozenset(MigrationLoader(None).disk_migrations or {})
