"""SQL before an upgrade: each statement runs at most once per rollout and instance."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from ocim.catalog.secrets.masking import masker, secret_literals
from ocim.core.errors import OcimError
from ocim.core.sql import begins_transaction, ends_transaction
from ocim.core.states import SqlState
from ocim.core.texts import plural
from ocim.operations.context import Context
from ocim.operations.masking import mask_of_instance
from ocim.operations.rollouts.statements import rest_of_transaction, run_statements
from ocim.store.claims import require_lease
from ocim.store.models import Lease, SqlRun, Upgrade
from ocim.store.specs import instance_spec

DATABASE = "edxapp"
NEW_SESSION = (
    "It ran in a new session, without temporary tables and settings of earlier statements."
)


def run_sql(upgrade: Upgrade, lease: Lease, context: Context) -> None:
    """Run the statements that have not started yet, in one session with the instance's account.

    A statement that fails does not stop the others. If the rollout is strict, raise OcimError in
    the end. A statement that ran when its worker died does not run again: it may have taken effect.
    """
    assert upgrade.instance is not None  # noqa: S101 - it holds the lease
    database = instance_spec(upgrade.instance, context.policy).databases[DATABASE]
    _close_interrupted(upgrade)
    with context.adapters.databases[database.kind].session(database) as session:
        run_statements(upgrade.rollout.sql, session, _Journal(upgrade, lease))
    failed = upgrade.sql_runs.filter(state=SqlState.FAILED)
    if upgrade.rollout.strict_sql and (count := failed.count()):
        raise OcimError(
            f"{plural(count, 'SQL statement')} failed: {failed.order_by('position')[0].error}"
        )


class _Journal:
    """The record of one instance's statements in the manager's database."""

    def __init__(self, upgrade: Upgrade, lease: Lease) -> None:
        self._upgrade = upgrade
        self._lease = lease
        self._note = NEW_SESSION if upgrade.sql_runs.exists() else ""

    def begin(self, position: int) -> bool:
        """Create the row that is the right to run the statement: only one process can."""
        require_lease(self._lease)
        statement = self._upgrade.rollout.sql[position]
        _, is_new = self._upgrade.sql_runs.get_or_create(
            position=position, defaults={"statement": statement, "note": self._note}
        )
        if is_new:
            require_lease(self._lease)
            self._note = ""
        return is_new

    def end(self, positions: Sequence[int], state: SqlState, **facts: object) -> None:
        """Close rows that this process has created."""
        if error := facts.get("error"):
            facts["error"] = self._masked(positions, str(error))
        _runs(self._upgrade, positions).update(state=state, **facts)

    def lose(self, positions: Sequence[int], left: Sequence[int], reason: str) -> None:
        """Close the rows of a transaction, and create those of statements that never run."""
        _lose(self._upgrade, positions, left, reason)

    def _masked(self, positions: Sequence[int], error: str) -> str:
        """Return a database's error without the secrets of the statements."""
        assert self._upgrade.instance_id  # noqa: S101 - it holds the lease
        error = mask_of_instance(self._upgrade.instance_id)(error)
        for position in positions:
            error = masker(secret_literals(self._upgrade.rollout.sql[position]))(error)
        return error


def _close_interrupted(upgrade: Upgrade) -> None:
    """Close the rows that a dead worker left: the statement under way, and its transaction."""
    left = upgrade.sql_runs.filter(state__in=(SqlState.INTENDED, SqlState.OPEN))
    runs = list(left.order_by("position"))
    if not runs:
        return
    uncommitted = [run.position for run in runs if run.state == SqlState.OPEN]
    under_way = runs[-1] if runs[-1].state == SqlState.INTENDED else None
    rest: Sequence[int] = ()
    reason = "its worker died before COMMIT."
    if under_way and ends_transaction(under_way.statement):
        reason = "its worker died at the end of the transaction; it may be committed, or not."
    elif uncommitted or (under_way and begins_transaction(under_way.statement)):
        rest = rest_of_transaction(upgrade.rollout.sql, upgrade.sql_runs.count())
    with transaction.atomic():
        if under_way:
            interrupted = "Interrupted: it may have run, or not."
            SqlRun.objects.filter(pk=under_way.pk).update(state=SqlState.FAILED, error=interrupted)
        _lose(upgrade, uncommitted, rest, reason)


def _lose(upgrade: Upgrade, positions: Sequence[int], left: Sequence[int], reason: str) -> None:
    with transaction.atomic():
        _runs(upgrade, positions).update(state=SqlState.FAILED, error=f"Not committed: {reason}")
        SqlRun.objects.bulk_create(
            SqlRun(
                upgrade=upgrade,
                position=position,
                statement=upgrade.rollout.sql[position],
                state=SqlState.FAILED,
                error=f"Not run: {reason}",
            )
            for position in left
        )


def _runs(upgrade: Upgrade, positions: Sequence[int]) -> "QuerySet[SqlRun]":
    return SqlRun.objects.filter(upgrade=upgrade, position__in=positions)
