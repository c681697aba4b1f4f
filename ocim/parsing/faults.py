"""Faults in a text that a person wrote, with their places."""

from collections.abc import Collection
from dataclasses import dataclass

from ocim.core.errors import ValidationError

_MOST = 50
"""Maximum number of faults in an error."""


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """Fault at a place."""

    place: Place
    text: str


def refuse(faults: Collection[Fault], *, where: str) -> None:
    """Raise ValidationError if there are faults, in the order of the text and without duplicates.

    If there are very many (as in a file of another kind), list the first ones and count the rest.
    """
    if lines := in_lines(faults, where=where):
        raise ValidationError(lines)


def in_lines(faults: Collection[Fault], *, where: str) -> list[str]:
    """Return faults as lines, in the order of the text and without duplicates."""
    ordered = sorted(
        set(faults), key=lambda fault: (fault.place.line, fault.place.column, fault.text)
    )
    lines = [
        f"{where}, line {fault.place.line}, column {fault.place.column}: {fault.text}"
        for fault in ordered[:_MOST]
    ]
    if len(ordered) > _MOST:
        lines.append(f"{where}: and {len(ordered) - _MOST} more.")
    return lines
