"""Changes of variables, as lines that people read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocim.catalog.secrets.masking import mask_text
from ocim.core.differences import in_common
from ocim.core.variables import dotted
from ocim.operations.rollouts.variables import Change

LONGEST = 60
"""Maximum number of a value's characters that a line shows."""
Grouped = list[tuple[tuple[str, ...], tuple[str, ...]]]
"""Pairs of labels and the lines that all these instances and no others have."""


def grouped(by_label: Mapping[str, Sequence[Change]]) -> Grouped:
    """Group instances by the changes that only they share, each change as one line.

    Every change of every instance is in one group. Instances without changes come last, with no
    lines.
    """
    lines_of: dict[int, str] = {}  # by identity: most changes are one object for many instances

    def line(change: Change) -> str:
        if id(change) not in lines_of:
            lines_of[id(change)] = in_words(change)
        return lines_of[id(change)]

    lines = {label: [line(change) for change in changes] for label, changes in by_label.items()}
    unchanged = tuple(label for label, changes in lines.items() if not changes)
    return [*in_common(lines), *([(unchanged, ())] if unchanged else [])]


@dataclass(frozen=True, slots=True)
class Row:
    """A change as a row of a table, each value on one line, without secrets."""

    name: str
    old: str
    new: str
    note: str = ""
    """Explanation, if the two values look the same."""


def row_of(change: Change) -> Row:
    """Return a change as a row."""
    name = dotted(change["path"])
    if "old" not in change and "new" not in change:
        return Row(name, "", "", "changed (not shown)")
    old, new = (short(change[side]) if side in change else "(not set)" for side in ("old", "new"))
    if change.get("old") == change.get("new"):
        return Row(name, old, new, "with a secret that changed")
    return Row(name, old, new, "" if old != new else "differs further on")


def in_words(change: Change) -> str:
    """Return a change as `NAME: old → new`."""
    row = row_of(change)
    if not row.note:
        return f"{row.name}: {row.old} → {row.new}"
    return f"{row.name}: {row.new} ({row.note})" if row.new else f"{row.name}: {row.note}"


def short(value: Any) -> str:
    """Return a value on one line of at most `LONGEST` characters, secrets masked."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(mask_text(text).split()) or "(empty)"
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
