"""SQL before an upgrade: each statement at most once per rollout and instance, whatever dies."""

import time

from ocim.core.errors import OcimError
from ocim.core.states import SqlState
from ocim.operations.context import Context
from ocim.store.claims import require_lease
from ocim.store.models import Lease, SqlRun, Upgrade
from ocim.store.specs import instance_spec

DATABASE = "edxapp"


def run_sql(upgrade: Upgrade, lease: Lease, context: Context) -> None:
    """Run what has not been begun yet, with the instance's own account.

    A statement that fails does not stop the others, nor, unless the rollout is strict, the upgrade.
    One that was under way when its worker died is not run again: whether it took effect is unknown.
    """
    for position, statement in enumerate(upgrade.rollout.sql):
        # The row is the right to run the statement: only one process can make it.
        run, is_new = SqlRun.objects.get_or_create(
            upgrade=upgrade, position=position, defaults={"statement": statement}
        )
        if is_new:
            _run(run, upgrade, lease, context)
        elif run.state == SqlState.INTENDED:
            _close(run, SqlState.FAILED, error="Interrupted: it may have run, or not.")
    failed = upgrade.sql_runs.filter(state=SqlState.FAILED)
    if upgrade.rollout.strict_sql and (count := failed.count()):
        raise OcimError(f"{count} SQL statements failed: {failed.order_by('position')[0].error}")


def _run(run: SqlRun, upgrade: Upgrade, lease: Lease, context: Context) -> None:
    assert upgrade.instance is not None  # noqa: S101 - it holds the lease
    require_lease(lease)
    database = instance_spec(upgrade.instance, context.policy).databases[DATABASE]
    started = time.monotonic()
    try:
        rows = context.outside.databases[database.kind].execute(database, run.statement)
    except OcimError as error:
        _close(run, SqlState.FAILED, error=str(error), seconds=time.monotonic() - started)
    else:
        _close(run, SqlState.DONE, rows=rows, seconds=time.monotonic() - started)


def _close(run: SqlRun, state: SqlState, **fields: object) -> None:
    SqlRun.objects.filter(pk=run.pk).update(state=state, **fields)
