"""What a run told, which nobody has looked at yet: only what has the right form is taken.

Secrets are taken out of texts before anything is cut off.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args, get_type_hints

from ocim.adapters.provisioners.ansible.migrations_part import reported
from ocim.adapters.provisioners.ansible.run import Unbelievable
from ocim.core.provisioning import ProvisionEvent, ProvisionOutcome

Mask = Callable[[str], str]
LONGEST = 4000
"""Characters of one text; the rest is cut off."""
MOST_CHANGES = 1_000_000
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_HINTS = get_type_hints(ProvisionEvent)
_LEVELS = get_args(_HINTS["level"])
_STATUSES = get_args(_HINTS["status"])


def event_of(line: Mapping[str, Any], mask: Mask) -> ProvisionEvent:
    """Read one line; Unbelievable where it is none of a run's."""
    level: Any = line.get("level")
    status, seconds = line.get("status", ""), line.get("seconds")
    is_number = isinstance(seconds, int | float) and math.isfinite(seconds)
    if level not in _LEVELS or status not in _STATUSES or not (seconds is None or is_number):
        raise Unbelievable("The run wrote an event that no run has.")
    return ProvisionEvent(
        time=_time(line.get("time")),
        level=level,
        text=_text(line, "text", mask),
        task=_text(line, "task", mask),
        status=status,
        seconds=seconds,
    )


def outcome_of(told: object, mask: Mask) -> ProvisionOutcome:
    """Read the last line's outcome; Unbelievable where it is none."""
    if not isinstance(told, Mapping) or not isinstance(told.get("ok"), bool):
        raise Unbelievable("The run wrote an outcome that no run has.")
    changed = told.get("changed")
    return ProvisionOutcome(
        ok=told["ok"],
        failed_task=_text(told, "failed_task", mask),
        message=_text(told, "message", mask),
        changed=min(changed, MOST_CHANGES) if isinstance(changed, int) else 0,
        migrations=reported(told.get("migrations"), mask),
    )


def _time(text: object) -> datetime:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise Unbelievable("The run wrote an event without its time.")
    return time


def _text(line: Mapping[str, Any], name: str, mask: Mask) -> str:
    return _UNSTORABLE.sub("\ufffd", mask(str(line.get(name, ""))))[:LONGEST]
