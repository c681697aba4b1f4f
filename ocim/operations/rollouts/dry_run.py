"""Dry runs of migrations: the new release's migrations run on copies of an instance's databases.

Every canary has one before anything of it changes, and so has the first instance of each kind in a
rollout. If the dry run fails, the upgrade fails, and nothing has changed.
"""

import logging
import time
from collections import deque
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction

from ocim.core import stopping
from ocim.core.errors import Conflict, OcimError, PermanentError, TransientError
from ocim.core.migrations import read_migrations
from ocim.core.provisioning import ProvisionOutcome
from ocim.core.states import DryRunState, UpgradeState
from ocim.operations.claim import NotYet
from ocim.operations.context import Context
from ocim.operations.masking import mask_of_instance
from ocim.operations.rollouts.dry_run_copies import (
    as_upgraded,
    clear,
    copy_databases,
    planned_run,
    run_migrations,
    run_sql_on_copy,
)
from ocim.store.claims import require_lease
from ocim.store.models import Lease, Rollout, Upgrade

STEP = "dry run of migrations"
LOOK_AGAIN = timedelta(seconds=1)
"""Time to wait for the dry run of an instance of the same kind."""
SETTLED = (DryRunState.DONE, DryRunState.NOT_POSSIBLE)
LINES_OF_LOG = 20
CLEANING = 3600.0
"""Maximum time to remove host and copies, in seconds; a machine of a pool is cleaned first."""

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
        run = planned_run(upgrade, context)
        clear(upgrade, context)  # leftovers of an interrupted attempt
        began = time.monotonic()
        result |= copy_databases(upgrade, context)
        run_sql_on_copy(upgrade, context)
        outcome = run_migrations(run, upgrade, context, lines)
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
            _try_to_clear(upgrade, context)
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
        _try_to_clear(upgrade, context)
        Upgrade.objects.filter(pk=upgrade.pk).update(
            dry_run={**upgrade.dry_run, "state": DryRunState.FAILED, "reason": "Interrupted."}
        )


def _try_to_clear(upgrade: Upgrade, context: Context) -> None:
    """Remove host and copies. Log what is left; the next attempt removes it, the doctor tells it.

    The error that comes before says why the dry run failed, and so must not be lost.
    """
    try:
        clear(upgrade, context)
    except (TransientError, PermanentError) as error:
        log.warning("Cannot remove all of the dry run of migrations for %s: %s", upgrade, error)


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


def dropped(upgrade: Upgrade) -> list[str]:
    """Return what the migrations dropped although the replaced release uses it."""
    dry_run = upgrade.dry_run
    if "like" in dry_run:
        dry_run = Upgrade.objects.values_list("dry_run", flat=True).get(pk=dry_run["like"])
    return [label for migration in dry_run.get("migrations", ()) for label in migration["drops"]]


def _kind(upgrade: Upgrade) -> list[str]:
    """Return the kind of an upgrade: its old release, its new release and its configuration."""
    instance = as_upgraded(upgrade)
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
