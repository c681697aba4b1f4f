"""Tutor's init tasks: which of them Ocim runs, and by which names.

A task is a script for a service of the compose project. Tutor lists them in the order in which they
must run, each with the part of Tutor that it comes from: `lms`, `cms`, `mysql`, or a plugin.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ocim.catalog.tutor.operators import OF_SERVICES
from ocim.core.provisioning import MigrationTexts

_LINES = re.compile(r"(?:[^\n]*\\\n)*[^\n]*(?:\n|\Z)")
_OF_STEPS = re.compile(
    r"\./manage\.py (?:lms )?(?:refresh_course_metadata|update_index|create_or_update_partner"
    r"|create_or_update_site|create_dot_application|manage_user (?:discovery|ecommerce)"
    r"|shell -c[^']*username='(?:discovery|ecommerce)')"
)
"""Commands for which there are set-up steps.

They need the public names, which lead to another app server by then; or they change data that the
serving app server reads; or they would make what it has, with the same ids and other names.
"""
_BETWEEN = "=== ocim: migrations ==="
"""Line between Django's plan and the log of the migrations."""
_OF_MOUNTS = "/openedx/edx-platform/bindmount-canary"
"""File that tells the task for code of mounted directories that none is mounted."""


@dataclass(frozen=True, slots=True)
class Task:
    """Script for a service."""

    name: str
    """Name in logs, such as `discovery: lms`: what it comes from, and the service."""
    service: str
    script: str


def own_tasks(listed: Iterable[tuple[str, str, str]], *, makes_key: bool = False) -> list[Task]:
    """Return the tasks that Ocim runs, from Tutor's: origin, service and script each.

    Those of `mysql` are left out, which want the server's administrator: Ocim has made databases
    and accounts. So is that of Meilisearch, unless it `makes_key`: the operator has named the
    master key; and that for mounted code, as Ocim mounts none. What Tutor's discovery and ecommerce
    set up is left to Ocim's set-up steps.
    """
    tasks: list[Task] = []
    for origin, service, script in listed:
        if service == "mysql" or (origin == "meilisearch" and not makes_key):
            continue
        if _OF_MOUNTS in script:
            continue
        name = f"{origin}: {service}"
        same = sum(task.name.partition(" (")[0] == name for task in tasks)
        name = f"{name} ({same + 1})" if same else name
        tasks.append(
            Task(name, service, _without_steps(script) if origin in OF_SERVICES else script)
        )
    return tasks


def _without_steps(script: str) -> str:
    return "".join(line for line in _LINES.findall(script) if not _OF_STEPS.match(line))


def migrations_tasks(services: Iterable[str]) -> list[Task]:
    """Return the tasks that only run the migrations of these services, and show their plan."""
    tasks = []
    for service in services:
        manage = f"./manage.py {service}" if service in ("lms", "cms") else "./manage.py"
        script = (
            f"{manage} migrate --plan\necho '{_BETWEEN}'\n{manage} migrate --noinput --verbosity 2"
        )
        tasks.append(Task(f"migrations: {service}", service, f"{script}\n"))
    return tasks


def migration_texts(output: str) -> MigrationTexts:
    """Return plan and log from the output of a task of `migrations_tasks`."""
    plan, _, log = output.partition(f"{_BETWEEN}\n")
    return MigrationTexts(plan, log)
