"""Follow a run to its end: pass on its events with secrets masked, and decide how it ended.

A run has succeeded only if it says so twice: with one outcome, as its last line, and with its exit
status, which the manager sees itself.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ocim.adapters.limits import LimitReached
from ocim.adapters.provisioners.ansible.run import AnsibleRun, InvalidOutput
from ocim.adapters.provisioners.ansible.untrusted import Mask, event_of, outcome_of
from ocim.core.errors import Cancelled
from ocim.core.provisioning import ProvisionEvent, ProvisionJob, ProvisionOutcome

OnEvent = Callable[[ProvisionEvent], None]
TO_END = 30.0
"""Seconds that a run has to end after it has reported its outcome."""


def follow(
    run: AnsibleRun,
    job: ProvisionJob,
    *,
    mask: Mask,
    on_event: OnEvent,
    is_cancelled: Callable[[], bool],
    check_limits: Callable[[], None] = lambda: None,
) -> ProvisionOutcome:
    """Pass on the run's events until it ends or has to be ended; return the outcome.

    `is_cancelled` and `check_limits` are called once a second. Raise Cancelled if the first one
    returns True; the run has failed if the second one raises LimitReached.
    """
    progress = _Progress(mask, on_event)

    def check() -> None:
        check_limits()
        if is_cancelled():
            raise Cancelled("Provisioning was cancelled.")

    try:
        outcome = _follow(run, job, progress, check)
        if not outcome.ok:
            check_limits()  # the kernel may have ended the run because of a limit
    except LimitReached as error:
        return progress.failure(str(error))
    return outcome


def _follow(
    run: AnsibleRun, job: ProvisionJob, progress: "_Progress", check: Callable[[], None]
) -> ProvisionOutcome:
    started = heard = time.monotonic()
    checked = 0.0
    try:
        while not run.ended:
            if time.monotonic() - checked >= 1:
                check()
                checked = time.monotonic()
            for line in run.lines(timeout=1):
                heard = time.monotonic()
                progress.take(line)
            now = time.monotonic()
            silence = min(job.task_timeout, TO_END) if progress.outcome else job.task_timeout
            if now - heard > silence:
                return progress.failure(f"It said nothing for {silence:g} seconds and was ended.")
            if now - started > job.total_timeout:
                return progress.failure(
                    f"The run took over {job.total_timeout:g} seconds and was ended."
                )
    except InvalidOutput as error:
        return progress.failure(f"{error} It was ended.")
    return progress.result(run)


class _Progress:
    """The progress of a run: its present task, and its outcome once it has reported one."""

    def __init__(self, mask: Mask, on_event: OnEvent) -> None:
        self._mask = mask
        self._on_event = on_event
        self._task = ""
        self.outcome: ProvisionOutcome | None = None

    def take(self, line: Mapping[str, Any]) -> None:
        """Pass on an event, or keep the outcome; raise InvalidOutput for lines after that."""
        if self.outcome:
            raise InvalidOutput("The run went on after it had reported its outcome.")
        if "outcome" in line:
            self.outcome = outcome_of(line["outcome"], self._mask)
        else:
            event = event_of(line, self._mask)
            self._task = event.task or self._task
            self._on_event(event)

    def result(self, run: AnsibleRun) -> ProvisionOutcome:
        """Return how the run has ended, after its last line."""
        if not self.outcome:
            return self.failure(self._mask(run.last_words()))
        if self.outcome.ok and (status := run.status()):
            return replace(
                self.outcome,
                ok=False,
                failed_task=self._task,
                message=f"The run said that it succeeded, but its exit status is {status}.",
            )
        return self.outcome

    def failure(self, message: str) -> ProvisionOutcome:
        """Return the outcome of a failure at the present task."""
        return ProvisionOutcome(ok=False, failed_task=self._task, message=message)
