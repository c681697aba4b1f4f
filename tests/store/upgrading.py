"""An installation of the release before free texts were encrypted, upgraded in this process."""

import json
import sys
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

PLANTED = "planted-hunter2"
URL = f"https://me:{PLANTED}@git.example.com/configuration"
BEFORE = ("store", "0016_migrations_preview")


def fill() -> None:
    """Write rows with a secret in every free text, as they were kept before."""
    make = MigrationExecutor(connection).loader.project_state([BEFORE]).apps.get_model

    def add(model: str, **fields: Any) -> Any:
        return make("store", model).objects.create(**fields)

    at = "2026-05-04T12:00:00Z"
    reference = add("InstanceReference", notes=PLANTED)
    instance = add(
        "OpenEdXInstance",
        id=reference.pk,
        ref_set=reference,
        configuration_extra_settings=f"HARMLESS: {PLANTED}",
        configuration_source_repo_url=URL,
        edx_platform_repository_url="ssh://git@example.com/edx-platform",
        load_balancing_server=add("LoadBalancingServer", error=PLANTED),
        database_server=add("DatabaseServer"),
    )
    appserver = add(
        "OpenEdXAppServer",
        instance=instance,
        configuration_source_repo_url=URL,
        failure=PLANTED,
        evidence=[{"body": PLANTED}],
    )
    add("Deployment", instance=instance, changes=[{"old": PLANTED}])
    add("Job", instance=instance, arguments={"a": PLANTED}, memory={"b": PLANTED}, error=PLANTED)
    for _ in range(1001):  # more than are read at once
        add("LogEntry", appserver=appserver, time=at, text=PLANTED)
    rollout = add(
        "Rollout", arguments={"u": PLANTED}, rules={}, update={"x": PLANTED}, sql=[PLANTED],
        reason=PLANTED,
    )  # fmt: skip
    add("RolloutEvent", rollout=rollout, reason=PLANTED)
    upgrade = add(
        "Upgrade", rollout=rollout, before={"x": PLANTED}, after={"x": PLANTED}, failure=PLANTED,
        variables=[{"new": PLANTED}], preview={"reason": PLANTED},
    )  # fmt: skip
    add("SqlRun", upgrade=upgrade, position=0, statement=PLANTED, error=PLANTED)
    add("ServiceStep", instance=instance, at=at, failure=PLANTED, applied={"k": PLANTED})
    add("ServiceStep", instance=instance, at=at)
    add("Verification", instance=instance, at=at, lines=[{"compared": PLANTED}])


def dump() -> dict[str, list[list[str]]]:
    """Every table of Ocim's as it is stored, each value as text."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("store_"):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
                names = [column[0] for column in cursor.description]
                rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
                found[table] = sorted([f"{k}: {one[k]}" for k in sorted(one)] for one in rows)
    return found


def main() -> None:
    """Upgrade, look, go back, look."""
    django.setup()
    quiet: dict[str, Any] = {"verbosity": 0}
    call_command("migrate", *BEFORE, **quiet)
    fill()
    before = dump()
    call_command("migrate", **quiet)
    after = dump()
    from ocim.store.models import LogEntry, OpenEdXInstance, Upgrade  # noqa: PLC0415

    instance = OpenEdXInstance.objects.get()
    read = {
        "extra settings": instance.configuration_extra_settings,
        "url": instance.configuration_source_repo_url,
        "ssh url": instance.edx_platform_repository_url,
        "line": LogEntry.objects.order_by("-id")[0].text,
        "preview": Upgrade.objects.get().preview,
        "by host": OpenEdXInstance.objects.filter(
            configuration_source_repo_url__contains="@git.example.com/"
        ).count(),
    }
    files = [path for path in Path(sys.argv[1]).iterdir() if PLANTED.encode() in path.read_bytes()]
    call_command("migrate", *BEFORE, **quiet)
    result = {
        "before": str(before).count(PLANTED),
        "after": str(after).count(PLANTED),
        "files": [path.name for path in files],
        "read": read,
        "undone": _comparable(dump()) == _comparable(before),
    }
    print(json.dumps(result))  # noqa: T201


def _comparable(tables: dict[str, list[list[str]]]) -> str:
    return str(tables).replace('"', "'").replace(" ", "")


if __name__ == "__main__":
    main()
