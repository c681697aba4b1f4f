"""Follows a run to its end: what it says becomes events, secrets taken out."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ocim.adapters.provisioners.ansible_run import AnsibleRun
from ocim.adapters.provisioners.migrations_part import reported
from ocim.core.errors import Cancelled
from ocim.core.spec import ProvisionEvent, ProvisionJob, ProvisionOutcome

OnEvent = Callable[[ProvisionEvent], None]
TEXTS = frozenset({"text", "task", "failed_task", "message"})
LONGEST = 4000
"""Characters of one text; the rest is cut off, once secrets are out of it."""


def follow(
    run: AnsibleRun,
    job: ProvisionJob,
    *,
    mask: Callable[[str], str],
    on_event: OnEvent,
    is_cancelled: Callable[[], bool],
) -> ProvisionOutcome:
    """Pass on what the run says, until it ends or has to be ended."""
    task = ""
    started = heard = time.monotonic()
    asked = 0.0
    while not run.ended:
        if time.monotonic() - asked >= 1:
            if is_cancelled():
                raise Cancelled("Provisioning was cancelled.")
            asked = time.monotonic()
        for line in run.lines(timeout=1):
            heard = time.monotonic()
            if "outcome" in line:
                migrations = reported(line["outcome"].pop("migrations", {}), mask)
                return ProvisionOutcome(**_masked(line["outcome"], mask), migrations=migrations)
            event = _event(line, mask)
            task = event.task or task
            on_event(event)
        now = time.monotonic()
        if now - heard > job.task_timeout:
            return _ended(task, f"It said nothing for {job.task_timeout:g} seconds, and was ended.")
        if now - started > job.total_timeout:
            return _ended(task, f"The run was ended: it took over {job.total_timeout:g} seconds.")
    return _ended(task, mask(run.last_words()))


def _event(line: dict[str, object], mask: Callable[[str], str]) -> ProvisionEvent:
    time = datetime.fromisoformat(str(line.pop("time")))
    return ProvisionEvent(time=time, **_masked(line, mask))


def _masked(fields: dict[str, object], mask: Callable[[str], str]) -> dict[str, Any]:
    return {
        name: mask(str(value))[:LONGEST] if name in TEXTS else value
        for name, value in fields.items()
    }


def _ended(task: str, message: str) -> ProvisionOutcome:
    return ProvisionOutcome(ok=False, failed_task=task, message=message)
