"""Health checks of a service: its database answers and is migrated."""

from functools import cache

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse


def heartbeat(_request: HttpRequest) -> JsonResponse:
    """Report the health of LMS or studio: status 200 if all is well, else 503."""
    results = checks()
    report = {
        name: {"status": message == "OK", "message": message} for name, message in results.items()
    }
    return JsonResponse(
        {"release": settings.RELEASE.version, **report}, status=200 if is_well(results) else 503
    )


def health(_request: HttpRequest) -> JsonResponse:
    """Report the health of other services. Like the real ones, check the database only."""
    results = checks()
    well = is_well(results)
    return JsonResponse(
        {
            "overall_status": "OK" if well else "UNAVAILABLE",
            "detailed_status": {
                "database_status": "OK" if well else "UNAVAILABLE",
                **{name: message for name, message in results.items() if message != "OK"},
            },
        },
        status=200 if well else 503,
    )


def checks() -> dict[str, str]:
    """Return OK or a fault per check: whether the database answers, and has all migrations."""
    results = {"sql": "OK", "migrations": "OK"}
    try:
        connection.ensure_connection()
        missing = wanted_migrations() - set(MigrationRecorder(connection).applied_migrations())
        if missing:
            results["migrations"] = (
                f"missing: {', '.join(sorted('.'.join(key) for key in missing))}"
            )
    except Error as error:
        results["sql"] = str(error)
    return results


def is_well(results: dict[str, str]) -> bool:
    return all(message == "OK" for message in results.values())


@cache
def wanted_migrations() -> frozenset[tuple[str, str]]:
    """Return all migrations in the release's code, as (app, migration)."""
    return frozenset(MigrationLoader(None).disk_migrations or {})
