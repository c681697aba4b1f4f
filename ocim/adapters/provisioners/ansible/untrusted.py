"""The reading of a run's lines, which are untrusted: only what has the right form is accepted.

Secrets are masked before texts are cut.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args, get_type_hints

from ocim.adapters.provisioners.ansible.migrations_part import reported
from ocim.adapters.provisioners.ansible.run import InvalidOutput
from ocim.core.provisioning import ProvisionEvent, ProvisionOutcome

Mask = Callable[[str], str]
LONGEST = 4000
"""Characters of a text that are kept."""
MOST_CHANGES = 1_000_000
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_HINTS = get_type_hints(ProvisionEvent)
_LEVELS = get_args(_HINTS["level"])
_STATUSES = get_args(_HINTS["status"])


def event_of(line: Mapping[str, Any], mask: Mask) -> ProvisionEvent:
    """Return the event of a line; raise InvalidOutput if it is no event."""
    level: Any = line.get("level")
    status, seconds = line.get("status", ""), line.get("seconds")
    is_number = isinstance(seconds, int | float) and math.isfinite(seconds)
    if level not in _LEVELS or status not in _STATUSES or not (seconds is None or is_number):
        raise InvalidOutput("The run wrote an event that no run has.")
    return ProvisionEvent(
        time=_time(line.get("time")),
        level=level,
        text=_text(line, "text", mask),
        task=_text(line, "task", mask),
        status=status,
        seconds=seconds,
    )


def outcome_of(report: object, mask: Mask) -> ProvisionOutcome:
    """Return the outcome from the last line; raise InvalidOutput if it is no outcome."""
    if not isinstance(report, Mapping) or not isinstance(report.get("ok"), bool):
        raise InvalidOutput("The run wrote an outcome that no run has.")
    changed = report.get("changed")
    return ProvisionOutcome(
        ok=report["ok"],
        failed_task=_text(report, "failed_task", mask),
        message=_text(report, "message", mask),
        changed=min(changed, MOST_CHANGES) if isinstance(changed, int) else 0,
        migrations=reported(report.get("migrations"), mask),
    )


def _time(text: object) -> datetime:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise InvalidOutput("The run wrote an event without its time.")
    return time


def _text(line: Mapping[str, Any], name: str, mask: Mask) -> str:
    return _UNSTORABLE.sub("\ufffd", mask(str(line.get(name, ""))))[:LONGEST]
