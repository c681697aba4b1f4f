"""Faults of a form, sorted by the fields that they are about."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

_NAMED = re.compile(
    r"(?P<name>[a-z_]+)(?P<place>, line (?P<line>\d+)(?:, column \d+)?)?: (?P<text>.*)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class FormFaults:
    """Texts of faults by field, without the field's name; those of no field are in `others`."""

    by_field: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)
    """Numbers of the faulty lines, by field, counted from 1."""
    others: list[str] = field(default_factory=list)


def sorted_faults(faults: Iterable[str], fields: Collection[str]) -> FormFaults:
    """Return the faults by field; they begin with `FIELD: ` or `FIELD, line N, column M: `."""
    result = FormFaults()
    for fault in faults:
        match = _NAMED.fullmatch(fault)
        if not match or match["name"] not in fields:
            result.others.append(fault)
            continue
        name, place = match["name"], match["place"]
        text = (
            f"{place.removeprefix(', ').capitalize()}: {match['text']}" if place else match["text"]
        )
        result.by_field.setdefault(name, []).append(text)
        if match["line"]:
            result.lines.setdefault(name, []).append(int(match["line"]))
    return result
