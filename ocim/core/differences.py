"""Differences between two sets of variables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ocim.core.secrets import PLAIN, Secret
from ocim.core.variables import Path, dotted, exact

COMPARABLE = PLAIN - {float} | {Secret}
"""Types whose values `==` compares exactly. Floats are left out: nan differs from itself."""


class Absent(Enum):
    """Placeholder for the value of a key that does not exist (None is a value)."""

    ABSENT = "(not set)"

    def __str__(self) -> str:
        return self.value


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Difference:
    """Difference in one key, whose value is ABSENT on a side that does not have it.

    A changed secret is a Secret on both sides, so it prints as `********`.
    """

    path: Path
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.old} → {self.new}"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return the differences from `old` to `new`: `old`'s keys in their order, then added ones.

    Compare mappings key by key, everything else as a whole. Compare Secrets by their text. Values
    of different types differ (`1` and `true`, a text and a Secret).
    """
    return tuple(_differences(old, new, ()))


def in_common(
    by_holder: Mapping[str, Sequence[str]],
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Group items by the exact set of holders that share them, largest set of holders first."""
    holders_of: dict[str, list[str]] = {}
    for holder, items in by_holder.items():
        for item in items:
            holders_of.setdefault(item, []).append(holder)
    groups: dict[tuple[str, ...], list[str]] = {}
    for item, holders in holders_of.items():
        groups.setdefault(tuple(holders), []).append(item)
    ordered = sorted(groups.items(), key=lambda group: -len(group[0]))
    return [(holders, tuple(items)) for holders, items in ordered]


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any], above: Path
) -> Iterator[Difference]:
    for key in dict.fromkeys([*old, *new]):
        path, before, after = (*above, key), old.get(key, ABSENT), new.get(key, ABSENT)
        if type(before) is type(after) and type(before) in COMPARABLE:  # the usual case, and fast
            is_same = before == after
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differences(before, after, path)
            continue
        else:
            is_same = ABSENT not in (before, after) and exact(before) == exact(after)
        if not is_same:
            yield Difference(path, before, after)
