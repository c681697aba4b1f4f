"""Follows a run to its end: what it says becomes events, secrets taken out.

A run has succeeded where its process says so twice, and nothing else: with one outcome, the last
thing that it tells, and with its exit status, which the manager sees itself.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ocim.adapters.provisioners.ansible.run import AnsibleRun, Unbelievable
from ocim.adapters.provisioners.ansible.told import Mask, event_of, outcome_of
from ocim.core.errors import Cancelled
from ocim.core.provisioning import ProvisionEvent, ProvisionJob, ProvisionOutcome

OnEvent = Callable[[ProvisionEvent], None]
TO_END = 30.0
"""Seconds that a run has for its end once it has told its outcome."""


def follow(
    run: AnsibleRun,
    job: ProvisionJob,
    *,
    mask: Mask,
    on_event: OnEvent,
    is_cancelled: Callable[[], bool],
) -> ProvisionOutcome:
    """Pass on what the run says, until it ends or has to be ended."""
    told = _Told(mask, on_event)
    started = heard = time.monotonic()
    asked = 0.0
    try:
        while not run.ended:
            if time.monotonic() - asked >= 1:
                if is_cancelled():
                    raise Cancelled("Provisioning was cancelled.")
                asked = time.monotonic()
            for line in run.lines(timeout=1):
                heard = time.monotonic()
                told.take(line)
            now = time.monotonic()
            silence = min(job.task_timeout, TO_END) if told.outcome else job.task_timeout
            if now - heard > silence:
                return told.ended(f"It said nothing for {silence:g} seconds, and was ended.")
            if now - started > job.total_timeout:
                return told.ended(f"The run was ended: it took over {job.total_timeout:g} seconds.")
    except Unbelievable as error:
        return told.ended(f"{error} It was ended.")
    return told.outcome_of(run)


class _Told:
    """What the run has told so far."""

    def __init__(self, mask: Mask, on_event: OnEvent) -> None:
        self._mask = mask
        self._on_event = on_event
        self._task = ""
        self.outcome: ProvisionOutcome | None = None

    def take(self, line: Mapping[str, Any]) -> None:
        """Pass an event on, or keep the outcome; Unbelievable for what comes after that."""
        if self.outcome:
            raise Unbelievable("The run went on after it had told how it ended.")
        if "outcome" in line:
            self.outcome = outcome_of(line["outcome"], self._mask)
        else:
            event = event_of(line, self._mask)
            self._task = event.task or self._task
            self._on_event(event)

    def outcome_of(self, run: AnsibleRun) -> ProvisionOutcome:
        """How the run ended, once nothing more can come from it."""
        if not self.outcome:
            return self.ended(self._mask(run.last_words()))
        if self.outcome.ok and (status := run.status()):
            return replace(
                self.outcome,
                ok=False,
                failed_task=self._task,
                message=f"The run said that it succeeded, but its exit status is {status}.",
            )
        return self.outcome

    def ended(self, message: str) -> ProvisionOutcome:
        """A failure at the task that was last heard of."""
        return ProvisionOutcome(ok=False, failed_task=self._task, message=message)
