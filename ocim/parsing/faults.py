"""What is wrong with a text that somebody wrote, and where in it."""

from collections.abc import Collection
from dataclasses import dataclass

from ocim.core.errors import ValidationError

_MOST = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    place: Place
    text: str


def refuse(faults: Collection[Fault], *, where: str) -> None:
    """Raise ValidationError with every fault, in the order of the text, where there are any.

    Each fault once. Of very many (somebody passed another kind of file) the first ones and a count.
    """
    ordered = sorted(set(faults), key=lambda each: (each.place.line, each.place.column, each.text))
    lines = [
        f"{where}, line {fault.place.line}, column {fault.place.column}: {fault.text}"
        for fault in ordered[:_MOST]
    ]
    if len(ordered) > _MOST:
        lines.append(f"{where}: and {len(ordered) - _MOST} more.")
    if lines:
        raise ValidationError(lines)
