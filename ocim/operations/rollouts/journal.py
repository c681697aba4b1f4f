"""The journal of one instance's upgrade: each step is stored before it starts and as it ends.

It shows what is under way, what was interrupted, and how long each step took.
"""

from collections.abc import Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from django.db.models import QuerySet

from ocim.core import stopping
from ocim.core.errors import LostClaim
from ocim.core.states import StepState
from ocim.operations.context import Context
from ocim.operations.jobs import enter_step
from ocim.store.claims import require_lease
from ocim.store.models import Lease, Upgrade, UpgradeStep


class Journal:
    """A journal, for a `with` statement; a step ends when the next starts, or with `finish`."""

    def __init__(self, upgrade: Upgrade, lease: Lease, context: Context) -> None:
        self._upgrade = upgrade
        self._lease = lease
        self._context = context
        self._step: UpgradeStep | None = None

    def __enter__(self) -> Self:
        close_steps([self._upgrade.pk], StepState.INTERRUPTED, self._context.now())
        return self

    def enter(self, name: str) -> None:
        """Start a step. Raise LostClaim if another worker has taken the instance over."""
        require_lease(self._lease)
        stopping.check()
        if self._upgrade.job_id:
            enter_step(self._upgrade.job_id, name, self._context)
        self._close(StepState.DONE)
        upgrade = Upgrade.objects.filter(pk=self._upgrade.pk)
        upgrade.update(step=name)
        self._step = UpgradeStep.objects.create(
            upgrade=self._upgrade,
            attempt=self._upgrade.attempts,
            name=name,
            started_at=self._context.now(),
        )

    def finish(self) -> None:
        """End the last step. Call this in the transaction that makes its result final."""
        self._close(StepState.DONE)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, LostClaim):
            self._close(StepState.FAILED)

    def _close(self, state: StepState) -> None:
        if self._step:
            _open(pk=self._step.pk).update(state=state, ended_at=self._context.now())
            self._step = None


def close_steps(upgrades: Iterable[int], state: StepState, now: datetime) -> None:
    """Give a state to the open steps of upgrades whose worker cannot do so any more."""
    _open(upgrade__in=list(upgrades)).update(state=state, ended_at=now)


def _open(**which: Any) -> "QuerySet[UpgradeStep]":
    return UpgradeStep.objects.filter(state=StepState.RUNNING, **which)
