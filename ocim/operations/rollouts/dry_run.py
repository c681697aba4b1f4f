"""What the new release's migrations would do: they are run on copies of the instance's databases.

The first instance of each kind in a rollout has this done before anything of it is touched, and so
has every canary. Where they fail, so does the upgrade, and nothing has changed.
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
"""How long one waits that is upgraded like another, which is being looked at."""
SETTLED = (DryRunState.DONE, DryRunState.NOT_POSSIBLE)
LINES_OF_LOG = 20
CLEANING = 3600.0
"""Seconds that removing host and copies may take: a machine of a pool is cleaned."""
_OF_DATABASES = re.compile(r"DATABASE|MYSQL|_DB_")

log = logging.getLogger(__name__)


def is_due(upgrade: Upgrade, lease: Lease, context: Context) -> bool:
    """Whether it is for this upgrade to make one; NotYet while another one like it does.

    Like it is who goes from the same release to the same one with the same configuration.
    """
    kind = _kind(upgrade)
    with transaction.atomic():
        rollout = Rollout.objects.select_for_update().get(pk=upgrade.rollout_id)
        upgrade.refresh_from_db(fields=["dry_run"])
        if upgrade.dry_run.get("state") in SETTLED or "like" in upgrade.dry_run:
            return False
        others = rollout.upgrades.exclude(pk=upgrade.pk).only("state", "dry_run")
        made = [one for one in others if "state" in one.dry_run]
        alike = [one for one in made if one.dry_run["kind"] == kind]
        if not _is_canary(upgrade, rollout):
            for one in alike:
                if one.dry_run.get("state") in SETTLED:
                    _write(upgrade, lease, kind=kind, like=one.pk)
                    return False
            if any(map(_is_under_way, alike)):
                raise NotYet(context.now() + LOOK_AGAIN)
        _write(upgrade, lease, kind=kind, state=DryRunState.RUNNING)
    return True


def make(upgrade: Upgrade, lease: Lease, context: Context) -> None:
    """Run the migrations; an OcimError, in the words of the one that failed, where one does."""
    kind: list[str] = upgrade.dry_run["kind"]
    said: deque[str] = deque(maxlen=LINES_OF_LOG)
    found: dict[str, Any] = {"state": DryRunState.DONE}
    try:
        run = _planned(upgrade, context)
        clear(upgrade, context)  # what an attempt has left that was interrupted
        began = time.monotonic()
        found |= _copy(upgrade, context)
        _run_sql(upgrade, context)
        outcome = _run(run, upgrade, context, said)
        found |= {"seconds": time.monotonic() - began, **_told(outcome)}
        if not outcome.ok:
            raise OcimError(  # noqa: TRY301 - one way out for all failures
                f"Dry run of migrations: {outcome.failed_task}: {outcome.message}"
            )
    except Conflict as reason:
        found |= {"state": DryRunState.NOT_POSSIBLE, "reason": str(reason)}
    except OcimError as error:
        require_lease(lease)  # whoever took over has them by the same names
        with stopping.clean_up(CLEANING):
            clear(upgrade, context)
        found |= {
            "state": DryRunState.FAILED,
            "reason": _masked(error, upgrade),
            "log": list(said),
        }
        _write(upgrade, lease, kind=kind, **found)
        raise
    require_lease(lease)
    clear(upgrade, context)
    _write(upgrade, lease, kind=kind, **found)


def on_failure(upgrade: Upgrade, context: Context) -> None:
    """Leave nothing of one that was interrupted for good."""
    if _is_under_way(upgrade):
        try:
            clear(upgrade, context)
        except OcimError as error:
            log.warning("Of the dry run of migrations for %s something is left: %s", upgrade, error)
        Upgrade.objects.filter(pk=upgrade.pk).update(
            dry_run={**upgrade.dry_run, "state": DryRunState.FAILED, "reason": "Interrupted."}
        )


def clear(upgrade: Upgrade, context: Context) -> None:
    """Remove host and copies; nothing happens where there are none."""
    instance = upgrade.instance
    assert instance is not None  # noqa: S101 - it holds the lease
    context.adapters.providers[instance.provider].destroy(dry_run_host(upgrade.pk))
    for database in copies(instance, context.policy).values():
        context.adapters.databases[database.kind].drop(database)
    shutil.rmtree(_dump(upgrade, context).parent, ignore_errors=True)


def _run(
    run: ProvisionJob, upgrade: Upgrade, context: Context, said: deque[str]
) -> ProvisionOutcome:
    """On a host of its own, from the image where there is one; `said` gets the log."""
    instance = _as_it_will_be(upgrade)
    mask = mask_of_instance(instance.pk)

    def on_event(event: ProvisionEvent) -> None:
        said.append(f"{event.time:%H:%M:%S} {event.level} {mask(event.text)}")

    image = images.for_host(
        replace(run, part=Part.WHOLE),
        provider=instance.provider,
        release=instance.openedx_release,
        services=services_of(run.variables),
        say=lambda text, _level: said.append(text),
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


def _told(outcome: ProvisionOutcome) -> dict[str, Any]:
    found = outcome.migrations.items()
    return {
        "migrations": [
            asdict(migration)
            for service, texts in found
            for migration in read_migrations(service, texts.plan, texts.log)
        ],
        "blind": [service for service, texts in found if not texts.plan],
    }


def _as_it_will_be(upgrade: Upgrade) -> OpenEdXInstance:
    """The instance with the fields that the upgrade gives it; not for writing."""
    assert upgrade.instance_id  # noqa: S101 - it holds the lease
    instance = OpenEdXInstance.objects.select_related(
        "ref_set", "database_server", "broker_server", "search_server"
    ).get(pk=upgrade.instance_id)
    for name, value in upgrade.after.items():
        setattr(instance, name, value)
    return instance


def _planned(upgrade: Upgrade, context: Context) -> ProvisionJob:
    """The run, but for its host; Conflict where there can be none."""
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
    """Whoever has databases of their own would have these migrated, and not the copies."""
    own = {
        ".".join(leaf.path)
        for leaf in variables.leaves
        if leaf.layer == OPERATOR and any(map(_OF_DATABASES.search, leaf.path))
    }
    if own:
        raise Conflict(
            f"The extra settings say where databases are ({', '.join(sorted(own))}): there are no"
            " copies of these."
        )


def _copy(upgrade: Upgrade, context: Context) -> dict[str, float]:
    """Copy what there is; a service that is new begins with an empty database, here as there."""
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
    """The statements that the database itself has not seen: its copy has what the others did."""
    database = copies(_as_it_will_be(upgrade), context.policy)[DATABASE]
    notes = _Notes(upgrade.rollout.sql, set(upgrade.sql_runs.values_list("position", flat=True)))
    with context.adapters.databases[database.kind].session(database) as session:
        run_statements(upgrade.rollout.sql, session, notes)
    if notes.failures and upgrade.rollout.strict_sql:
        first, count = notes.failures[0], len(notes.failures)
        raise OcimError(f"Dry run of migrations: {plural(count, 'SQL statement')} failed: {first}")


class _Notes:
    """What is kept of statements on a copy: which are over, and why some failed."""

    def __init__(self, statements: Sequence[str], seen: set[int]) -> None:
        self._statements = statements
        self._seen = seen
        self.failures: list[str] = []

    def begin(self, position: int) -> bool:
        """See Record."""
        return position not in self._seen

    def end(self, positions: Sequence[int], state: SqlState, **facts: object) -> None:
        """See Record."""
        if state == SqlState.FAILED:
            error = str(facts["error"])
            self.failures += [
                masker(secret_literals(self._statements[position]))(error) for position in positions
            ]

    def lose(self, positions: Sequence[int], left: Sequence[int], reason: str) -> None:
        """See Record."""
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
    """What the release that was replaced uses, and does not find any more."""
    dry_run = upgrade.dry_run
    if "like" in dry_run:
        dry_run = Upgrade.objects.values_list("dry_run", flat=True).get(pk=dry_run["like"])
    return [label for one in dry_run.get("migrations", ()) for label in one["drops"]]


def _dump(upgrade: Upgrade, context: Context) -> Path:
    return context.policy.backups / dry_run_host(upgrade.pk) / "dump"


def _kind(upgrade: Upgrade) -> list[str]:
    """From which release to which, with which configuration."""
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
