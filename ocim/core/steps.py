"""One-time steps: what is owed of them, where operators may have changed things since.

A step has fields: what Ocim wants them to be, what Ocim has set them to before, and what they are
in the service. From the three follows what to do, as with the merging of texts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepStatus:
    """What a step comes to."""

    exists: bool
    """Whether there is anything in the service yet."""
    fields: Fields
    """What the fields are to be: wanted ones, and those that an operator has changed there."""
    changing: tuple[str, ...]
    """Fields that have to be set; empty where nothing is owed."""
    edited: tuple[str, ...]
    """Fields that differ from what is wanted since an operator changed them in the service."""
    drifted: tuple[str, ...]
    """Those of them without which the service does not work."""

    @property
    def is_pending(self) -> bool:
        """Whether there is something to do."""
        return not self.exists or bool(self.changing)


def step_status(
    wanted: Fields,
    *,
    actual: Fields | None,
    applied: Fields | None = None,
    essential: Collection[str] = (),
    force: bool = False,
) -> StepStatus:
    """`actual` is None where there is nothing yet, `applied` where Ocim has never done the step.

    A field is set if it is not there, or if Ocim wants another value than it set before. Otherwise
    what the service has stays, as somebody there may know why; but where Ocim never set it, what is
    empty and what is essential is. `force` sets all, as if nothing were known.
    """
    if actual is None:
        return StepStatus(False, dict(wanted), tuple(wanted), (), ())
    fields: dict[str, Any] = {}
    changing, edited, drifted = [], [], []
    for name, value in wanted.items():
        there = actual.get(name)
        if there == value and not force:
            fields[name] = value
        elif force or name not in actual or _is_ours(name, value, there, applied, essential):
            fields[name] = value
            changing.append(name)
        else:
            fields[name] = there
            edited.append(name)
            if name in essential:
                drifted.append(name)
    return StepStatus(True, fields, tuple(changing), tuple(edited), tuple(drifted))


def _is_ours(
    name: str, value: Any, there: Any, applied: Fields | None, essential: Collection[str]
) -> bool:
    if applied is None or name not in applied:
        return name in essential or there in (None, "", [], {}, False)
    return bool(applied[name] != value)
