"""The copies of an instance's databases, and the host on which migrations run on them."""

import re
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ocim.catalog.secrets.masking import masker, secret_literals
from ocim.catalog.variables import content
from ocim.catalog.variables.effective import BY_OPERATORS
from ocim.catalog.variables.services import services_of
from ocim.core import stopping
from ocim.core.errors import Conflict, OcimError
from ocim.core.hosts import Host, HostRequest
from ocim.core.names import dry_run_host
from ocim.core.provisioning import (
    Part,
    ProvisionEvent,
    ProvisionJob,
    ProvisionOutcome,
)
from ocim.core.states import SqlState
from ocim.core.texts import listed, plural
from ocim.core.variables import Effective, dotted
from ocim.operations import images, machines
from ocim.operations.bring_up import local_directories
from ocim.operations.context import Context
from ocim.operations.effective import effective_variables
from ocim.operations.masking import mask_of_instance
from ocim.operations.provisioners import provisioner_of
from ocim.operations.rollouts.sql import DATABASE
from ocim.operations.rollouts.statements import run_statements
from ocim.store.models import SHARED_SERVERS, OpenEdXInstance, Upgrade
from ocim.store.specs import copies, instance_spec, source_of

_OF_DATABASES = re.compile(r"DATABASE|MYSQL|_DB_")
_OF_NO_DATABASE = re.compile(r"TUTOR_(DOCKER_IMAGE_|MONGODB_)")
"""Beginnings of names of images, and of the server that a dry run has no account on."""


def as_upgraded(upgrade: Upgrade) -> OpenEdXInstance:
    """Return the instance with the fields that the upgrade gives it. It must not be saved."""
    assert upgrade.instance_id  # noqa: S101 - it holds the lease
    instance = OpenEdXInstance.objects.select_related("ref_set", *SHARED_SERVERS).get(
        pk=upgrade.instance_id
    )
    for name, value in upgrade.after.items():
        setattr(instance, name, value)
    return instance


def planned_run(upgrade: Upgrade, context: Context) -> ProvisionJob:
    """Return the run, without its host. Raise Conflict if no dry run is possible."""
    instance = as_upgraded(upgrade)
    databases = copies(instance, context.policy)
    variables = effective_variables(instance, context.policy, databases=databases)
    _require_copies(variables)
    spec = replace(instance_spec(instance, context.policy), databases=databases)
    run = images.planned_run(
        source_of(instance),
        _without_content(variables, databases[DATABASE].name),
        directories=local_directories(spec),
        context=context,
    )
    run = replace(run, part=Part.MIGRATIONS)
    return replace(run, source=provisioner_of(run.source, context).check(run))


def copy_databases(upgrade: Upgrade, context: Context) -> dict[str, float]:
    """Copy the databases; a service that is new starts with an empty one, as in an upgrade.

    Return their size and the seconds it took.
    """
    instance = as_upgraded(upgrade)
    started, size = time.monotonic(), 0
    targets = copies(instance, context.policy)
    for purpose, database in instance_spec(instance, context.policy).databases.items():
        databases = context.adapters.databases[database.kind]
        databases.ensure(targets[purpose])
        if (bytes_there := databases.size(database)) is not None:
            databases.copy(database, targets[purpose])
            size += bytes_there
    return {"bytes": size, "copy_seconds": time.monotonic() - started}


def run_sql_on_copy(upgrade: Upgrade, context: Context) -> None:
    """Run the statements that did not run on the database itself: its copy has what others did."""
    database = copies(as_upgraded(upgrade), context.policy)[DATABASE]
    notes = _Notes(upgrade.rollout.sql, set(upgrade.sql_runs.values_list("position", flat=True)))
    with context.adapters.databases[database.kind].session(database) as session:
        run_statements(upgrade.rollout.sql, session, notes)
    if notes.failures and upgrade.rollout.strict_sql:
        first, count = notes.failures[0], len(notes.failures)
        raise OcimError(f"Dry run of migrations: {plural(count, 'SQL statement')} failed: {first}")


def run_migrations(
    run: ProvisionJob, upgrade: Upgrade, context: Context, lines: deque[str]
) -> ProvisionOutcome:
    """Run the migrations on a host of their own, from an image if there is one.

    Append the lines of the log to `lines`.
    """
    instance = as_upgraded(upgrade)
    mask = mask_of_instance(instance.pk)

    def on_event(event: ProvisionEvent) -> None:
        lines.append(f"{event.time:%H:%M:%S} {event.level} {mask(event.text)}")

    image = images.for_host(
        replace(run, part=Part.WHOLE),
        provider=instance.provider,
        release=instance.openedx_release,
        services=services_of(run.variables),
        say=lambda text, _level: lines.append(text),
        on_event=on_event,
        is_cancelled=stopping.is_cancelled,
        context=context,
    )
    host = _host(upgrade, instance, run, image, context)
    if image and host.image == image.name:
        run = replace(run, image_inputs=image.job.image_inputs)
    return provisioner_of(run.source, context).provision(
        replace(run, host=host), on_event=on_event, is_cancelled=stopping.is_cancelled
    )


def clear(upgrade: Upgrade, context: Context) -> None:
    """Remove host and copies, if there are any."""
    instance = as_upgraded(upgrade)  # its provider may be another one by now
    machines.provider_of(instance.provider, context).destroy(dry_run_host(upgrade.pk))
    for database in copies(instance, context.policy).values():
        context.adapters.databases[database.kind].drop(database)


def _require_copies(variables: Effective) -> None:
    """Raise Conflict if extra settings name databases: these would be migrated, not the copies."""
    own = {
        dotted(leaf.path)
        for leaf in variables.leaves
        if leaf.layer in BY_OPERATORS
        and not _OF_NO_DATABASE.match(str(leaf.path[0]))
        and any(_OF_DATABASES.search(str(key)) for key in leaf.path)
    }
    if own:
        raise Conflict(
            f"The extra settings name databases ({listed(sorted(own))}): Ocim has no copies of"
            " these."
        )


def _without_content(variables: Effective, database: str) -> dict[str, Any]:
    """Return the values, with an account of MongoDB that the operators' server does not know."""
    written = {str(leaf.path[0]) for leaf in variables.leaves if leaf.layer in BY_OPERATORS}
    return {**variables.values, **content.of_dry_run(written, database)}


def _host(
    upgrade: Upgrade,
    instance: OpenEdXInstance,
    run: ProvisionJob,
    image: images.Wanted | None,
    context: Context,
) -> Host:
    provider = machines.provider_of(instance.provider, context)
    name = dry_run_host(upgrade.pk)
    provider.create(
        HostRequest(
            name=name,
            flavor=instance.flavor,
            image=image.name if image else "",
            directories=run.directories,
        )
    )
    return provider.wait_until_reachable(name, timeout=context.policy.host_timeout)


class _Notes:
    """The record of statements on a copy: those that are over, and why some failed."""

    def __init__(self, statements: Sequence[str], seen: set[int]) -> None:
        self._statements = statements
        self._seen = seen
        self.failures: list[str] = []

    def begin(self, position: int) -> bool:
        """Return False for a statement that is over."""
        return position not in self._seen

    def end(self, positions: Sequence[int], state: SqlState, **facts: object) -> None:
        """Keep why statements failed."""
        if state == SqlState.FAILED:
            error = str(facts["error"])
            self.failures += [
                masker(secret_literals(self._statements[position]))(error) for position in positions
            ]

    def lose(self, positions: Sequence[int], left: Sequence[int], reason: str) -> None:
        """Keep that statements failed with their transaction."""
        self._seen |= set(left)
        self.failures += [reason] * (len(positions) + len(left))
