"""Dry runs of migrations: the new release's migrations run on copies of an instance's databases.

Every canary has one before anything of it changes, and so has the first instance of each kind in a
rollout. If the dry run fails, the upgrade fails, and nothing has changed.
"""

import logging
import re
import shutil
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from ocim.catalog.secrets.masking import masker, secret_literals
from ocim.catalog.variables.effective import OPERATOR
from ocim.catalog.variables.services import services_of
from ocim.core import stopping
from ocim.core.errors import Conflict, OcimError
from ocim.core.hosts import Host, HostRequest
from ocim.core.migrations import read_migrations
from ocim.core.names import dry_run_host
from ocim.core.provisioning import (
    ConfigurationSource,
    Part,
    ProvisionEvent,
    ProvisionJob,
    ProvisionOutcome,
)
from ocim.core.states import DryRunState, SqlState, UpgradeState
from ocim.core.texts import plural
from ocim.core.variables import Effective
from ocim.operations import images
from ocim.operations.bring_up import local_directories
from ocim.operations.claim import NotYet
from ocim.operations.context import Context
from ocim.operations.effective import effective_variables
from ocim.operations.masking import mask_of_instance
from ocim.operations.rollouts.sql import DATABASE
from ocim.operations.rollouts.statements import run_statements
from ocim.store.claims import require_lease
from ocim.store.models import Lease, OpenEdXInstance, Rollout, Upgrade
from ocim.store.specs import copies, instance_spec

STEP = "dry run of migrations"
LOOK_AGAIN = timedelta(seconds=1)
"""Time to wait for the dry run of an instance of the same kind."""
SETTLED = (DryRunState.DONE, DryRunState.NOT_POSSIBLE)
LINES_OF_LOG = 20
CLEANING = 3600.0
"""Maximum time to remove host and copies, in seconds; a machine of a pool is cleaned first."""
_OF_DATABASES = re.compile(r"DATABASE|MYSQL|_DB_")

log = logging.getLogger(__name__)


def reserve(upgrade: Upgrade, lease: Lease, context: Context) -> bool:
    """Reserve the dry run for this upgrade. Return False if it needs none.

    It needs none if it has one already or, unless it is a canary, if an upgrade of the same kind
    has one. Raise NotYet while that one is under way.
    """
    kind = _kind(upgrade)
    with transaction.atomic():
        rollout = Rollout.objects.select_for_update().get(pk=upgrade.rollout_id)
        upgrade.refresh_from_db(fields=["dry_run"])
        if upgrade.dry_run.get("state") in SETTLED or "like" in upgrade.dry_run:
            return False
        others = rollout.upgrades.exclude(pk=upgrade.pk).only("state", "dry_run")
        tried = [other for other in others if "state" in other.dry_run]
        alike = [other for other in tried if other.dry_run["kind"] == kind]
        if not _is_canary(upgrade, rollout):
            for other in alike:
                if other.dry_run.get("state") in SETTLED:
                    _write(upgrade, lease, kind=kind, like=other.pk)
                    return False
            if any(map(_is_under_way, alike)):
                raise NotYet(context.now() + LOOK_AGAIN)
        _write(upgrade, lease, kind=kind, state=DryRunState.RUNNING)
    return True


def make(upgrade: Upgrade, lease: Lease, context: Context) -> None:
    """Run the migrations and store the result.

    Raise OcimError with a migration's own words if it fails.
    """
    kind: list[str] = upgrade.dry_run["kind"]
    lines: deque[str] = deque(maxlen=LINES_OF_LOG)
    result: dict[str, Any] = {"state": DryRunState.DONE}
    try:
        run = _planned(upgrade, context)
        clear(upgrade, context)  # leftovers of an interrupted attempt
        began = time.monotonic()
        result |= _copy(upgrade, context)
        _run_sql(upgrade, context)
        outcome = _run(run, upgrade, context, lines)
        result |= {"seconds": time.monotonic() - began, **_migrations(outcome)}
        if not outcome.ok:
            raise OcimError(  # noqa: TRY301 - one way out for all failures
                f"Dry run of migrations: {outcome.failed_task}: {outcome.message}"
            )
    except Conflict as reason:
        result |= {"state": DryRunState.NOT_POSSIBLE, "reason": str(reason)}
    except OcimError as error:
        require_lease(lease)  # a worker that took over uses the same names
        with stopping.clean_up(CLEANING):
            clear(upgrade, context)
        result |= {
            "state": DryRunState.FAILED,
            "reason": _masked(error, upgrade),
            "log": list(lines),
        }
        _write(upgrade, lease, kind=kind, **result)
        raise
    require_lease(lease)
    clear(upgrade, context)
    _write(upgrade, lease, kind=kind, **result)


def on_failure(upgrade: Upgrade, context: Context) -> None:
    """Remove host and copies, and record the failure, if the dry run was interrupted."""
    if _is_under_way(upgrade):
        try:
            clear(upgrade, context)
        except OcimError as error:
            log.warning("Cannot remove all of the dry run of migrations for %s: %s", upgrade, error)
        Upgrade.objects.filter(pk=upgrade.pk).update(
            dry_run={**upgrade.dry_run, "state": DryRunState.FAILED, "reason": "Interrupted."}
        )


def clear(upgrade: Upgrade, context: Context) -> None:
    """Remove host and copies, if there are any."""
    instance = upgrade.instance
    assert instance is not None  # noqa: S101 - it holds the lease
    context.adapters.providers[instance.provider].destroy(dry_run_host(upgrade.pk))
    for database in copies(instance, context.policy).values():
        context.adapters.databases[database.kind].drop(database)
    shutil.rmtree(_dump(upgrade, context).parent, ignore_errors=True)


def _run(
    run: ProvisionJob, upgrade: Upgrade, context: Context, lines: deque[str]
) -> ProvisionOutcome:
    """Run the migrations on a host of their own, from an image if there is one.

    Append the lines of the log to `lines`.
    """
    instance = _as_it_will_be(upgrade)
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
    return context.adapters.provisioner.provision(
        replace(run, host=host), on_event=on_event, is_cancelled=stopping.is_cancelled
    )


def _masked(error: OcimError, upgrade: Upgrade) -> str:
    assert upgrade.instance_id  # noqa: S101 - it holds the lease
    return mask_of_instance(upgrade.instance_id)(str(error))


def _migrations(outcome: ProvisionOutcome) -> dict[str, Any]:
    services = outcome.migrations.items()
    return {
        "migrations": [
            asdict(migration)
            for service, texts in services
            for migration in read_migrations(service, texts.plan, texts.log)
        ],
        "blind": [service for service, texts in services if not texts.plan],
    }


def _as_it_will_be(upgrade: Upgrade) -> OpenEdXInstance:
    """Return the instance with the fields that the upgrade gives it. It must not be saved."""
    assert upgrade.instance_id  # noqa: S101 - it holds the lease
    instance = OpenEdXInstance.objects.select_related(
        "ref_set", "database_server", "broker_server", "search_server"
    ).get(pk=upgrade.instance_id)
    for name, value in upgrade.after.items():
        setattr(instance, name, value)
    return instance


def _planned(upgrade: Upgrade, context: Context) -> ProvisionJob:
    """Return the run, without its host. Raise Conflict if no dry run is possible."""
    instance = _as_it_will_be(upgrade)
    databases = copies(instance, context.policy)
    variables = effective_variables(instance, context.policy, databases=databases)
    _require_copies(variables)
    spec = replace(instance_spec(instance, context.policy), databases=databases)
    source = ConfigurationSource(
        instance.configuration_source_repo_url,
        instance.configuration_commit,
        instance.playbook_name,
    )
    run = images.planned_run(
        source, variables.values, directories=local_directories(spec), context=context
    )
    run = replace(run, part=Part.MIGRATIONS)
    return replace(run, source=context.adapters.provisioner.check(run))


def _require_copies(variables: Effective) -> None:
    """Raise Conflict if extra settings name databases: these would be migrated, not the copies."""
    own = {
        ".".join(leaf.path)
        for leaf in variables.leaves
        if leaf.layer == OPERATOR and any(map(_OF_DATABASES.search, leaf.path))
    }
    if own:
        raise Conflict(
            f"The extra settings name databases ({', '.join(sorted(own))}): Ocim has no copies of"
            " these."
        )


def _copy(upgrade: Upgrade, context: Context) -> dict[str, float]:
    """Copy the databases; a service that is new starts with an empty one, as in an upgrade.

    Return their size and the seconds it took.
    """
    instance = _as_it_will_be(upgrade)
    began, total = time.monotonic(), 0
    dump = _dump(upgrade, context)
    to = copies(instance, context.policy)
    for purpose, database in instance_spec(instance, context.policy).databases.items():
        databases = context.adapters.databases[database.kind]
        databases.ensure(to[purpose])
        if (size := databases.size(database)) is not None:
            databases.dump(database, dump)
            databases.restore(to[purpose], dump)
            total += size
    return {"bytes": total, "copy_seconds": time.monotonic() - began}


def _run_sql(upgrade: Upgrade, context: Context) -> None:
    """Run the statements that did not run on the database itself: its copy has what others did."""
    database = copies(_as_it_will_be(upgrade), context.policy)[DATABASE]
    notes = _Notes(upgrade.rollout.sql, set(upgrade.sql_runs.values_list("position", flat=True)))
    with context.adapters.databases[database.kind].session(database) as session:
        run_statements(upgrade.rollout.sql, session, notes)
    if notes.failures and upgrade.rollout.strict_sql:
        first, count = notes.failures[0], len(notes.failures)
        raise OcimError(f"Dry run of migrations: {plural(count, 'SQL statement')} failed: {first}")


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


def _host(
    upgrade: Upgrade,
    instance: OpenEdXInstance,
    run: ProvisionJob,
    image: images.Wanted | None,
    context: Context,
) -> Host:
    provider = context.adapters.providers[instance.provider]
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


def dropped(upgrade: Upgrade) -> list[str]:
    """Return what the migrations dropped although the replaced release uses it."""
    dry_run = upgrade.dry_run
    if "like" in dry_run:
        dry_run = Upgrade.objects.values_list("dry_run", flat=True).get(pk=dry_run["like"])
    return [label for migration in dry_run.get("migrations", ()) for label in migration["drops"]]


def _dump(upgrade: Upgrade, context: Context) -> Path:
    return context.policy.backups / dry_run_host(upgrade.pk) / "dump"


def _kind(upgrade: Upgrade) -> list[str]:
    """Return the kind of an upgrade: its old release, its new release and its configuration."""
    instance = _as_it_will_be(upgrade)
    serving = instance.appserver_set.filter(is_active=True).order_by("id").first()
    return [
        serving.openedx_release if serving else "",
        serving.edx_platform_commit if serving else "",
        instance.openedx_release,
        instance.platform_commit,
        instance.configuration_source_repo_url,
        instance.configuration_commit,
        instance.playbook_name,
    ]


def _is_canary(upgrade: Upgrade, rollout: Rollout) -> bool:
    return upgrade.wave == 0 and rollout.upgrades.filter(wave__gt=0).exists()


def _is_under_way(upgrade: Upgrade) -> bool:
    is_running = upgrade.state == UpgradeState.RUNNING
    return is_running and upgrade.dry_run.get("state") == DryRunState.RUNNING


def _write(upgrade: Upgrade, lease: Lease, **dry_run: Any) -> None:
    require_lease(lease)
    upgrade.dry_run = dry_run
    Upgrade.objects.filter(pk=upgrade.pk).update(dry_run=dry_run)
