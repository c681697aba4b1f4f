"""Faults: texts that know the field that they are about; and the faults of a form by its fields."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Self

_PLACED = re.compile(
    r"(?:--(?P<option>[a-z][a-z0-9-]*)|(?P<field>[a-z][a-z0-9_-]*))"
    r"(?:, line (?P<line>[0-9]{1,9}))?(?:, column (?P<column>[0-9]{1,9}))?"
    r"(?(option):?|:) (?P<text>.*)",
    re.DOTALL,
)
"""A fault that names its place: `name: …`, `name, line 2, column 1: …`, `--name must …`."""


class Fault(str):
    """Text of a fault, as operators read it, with the field that it is about."""

    __slots__ = ("column", "field", "line", "text")

    field: str
    """Name of the field, or of the option with underscores. Empty: it is about none."""
    line: int | None
    """Line in the field's text, counted from 1. None: it is about all lines."""
    column: int | None
    text: str
    """Text without the field and the place."""

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the fault that a text is; it may begin with a field and a place."""
        if isinstance(text, cls):
            return text
        fault = cls(text)
        match = _PLACED.fullmatch(text)
        name = (match["option"] or match["field"]) if match else ""
        fault.field = name.replace("-", "_")
        fault.line = int(match["line"]) if match and match["line"] else None
        fault.column = int(match["column"]) if match and match["column"] else None
        fault.text = match["text"] if match else text
        return fault

    @property
    def placed_text(self) -> str:
        """Text without the field, but with the place: `Line 2, column 1: …`."""
        numbers = [
            f"{name} {number}"
            for name, number in (("line", self.line), ("column", self.column))
            if number is not None
        ]
        return f"{', '.join(numbers).capitalize()}: {self.text}" if numbers else self.text


@dataclass(frozen=True, slots=True)
class FormFaults:
    """Texts of faults by field, without the field's name; those of no field are in `others`."""

    by_field: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)
    """Numbers of the faulty lines, by field, counted from 1."""
    others: list[str] = field(default_factory=list)


def sorted_faults(faults: Iterable[str], fields: Collection[str]) -> FormFaults:
    """Return the faults by field; those of other fields than `fields` are among the others."""
    result = FormFaults()
    for fault in map(Fault.of, faults):
        if fault.field not in fields:
            result.others.append(fault)
            continue
        result.by_field.setdefault(fault.field, []).append(fault.placed_text)
        if fault.line:
            result.lines.setdefault(fault.field, []).append(fault.line)
    return result
