"""Decisions about set-up steps whose results operators may have changed by hand.

A step has fields, each with three values: the one that Ocim wants, the one that Ocim applied last,
and the actual one in the service. What to do follows from the three, as in a three-way merge.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepStatus:
    """Status of a step: done, pending, or changed by hand."""

    exists: bool
    """True if the object that the step creates exists in the service."""
    fields: Fields
    """Values that the fields shall have: wanted ones, and those that an operator changed."""
    changing: tuple[str, ...]
    """Fields to set; empty if nothing is pending."""
    edited: tuple[str, ...]
    """Fields that an operator changed in the service; they stay as they are."""
    drifted: tuple[str, ...]
    """Fields among them that the service needs in order to work."""

    @property
    def is_pending(self) -> bool:
        """True if the step has something to do."""
        return not self.exists or bool(self.changing)


def step_status(
    wanted: Fields,
    *,
    actual: Fields | None,
    applied: Fields | None = None,
    essential: Collection[str] = (),
    force: bool = False,
) -> StepStatus:
    """Compare wanted, applied and actual values of a step's fields.

    `actual` is None if the object does not exist yet, `applied` if Ocim has never done the step.
    Set a field if it is missing, or if Ocim wants another value than it applied last. Leave other
    fields as they are in the service, since an operator may have changed them on purpose; but if
    Ocim never applied them, set essential and empty ones. `force` sets all fields.
    """
    if actual is None:
        return StepStatus(False, dict(wanted), tuple(wanted), (), ())
    fields: dict[str, Any] = {}
    changing, edited, drifted = [], [], []
    for name, value in wanted.items():
        present = actual.get(name)
        if present == value and not force:
            fields[name] = value
        elif force or name not in actual or _is_ours(name, value, present, applied, essential):
            fields[name] = value
            changing.append(name)
        else:
            fields[name] = present
            edited.append(name)
            if name in essential:
                drifted.append(name)
    return StepStatus(True, fields, tuple(changing), tuple(edited), tuple(drifted))


def _is_ours(
    name: str, value: Any, present: Any, applied: Fields | None, essential: Collection[str]
) -> bool:
    if applied is None or name not in applied:
        return name in essential or present in (None, "", [], {}, False)
    return bool(applied[name] != value)
