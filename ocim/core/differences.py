"""What changed from one set of variables to another."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ocim.core.secrets import PLAIN, Secret
from ocim.core.variables import Path

COMPARABLE = PLAIN - {float} | {Secret}
"""Types of which == tells whether values are the same; floats have one that differs from itself."""


class Absent(Enum):
    """What a key that is not there has in place of a value (None is a value)."""

    ABSENT = "(not set)"

    def __str__(self) -> str:
        return self.value


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Difference:
    """One key whose value is another, or is there on one side only (the other is ABSENT).

    A changed secret is a Secret on both sides, so it prints as `********`.
    """

    path: Path
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.old} → {self.new}"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What must be set to get from `old` to `new`: `old`'s keys in order, then what is added.

    Mappings are compared key by key, everything else as a whole. Secrets are compared by their
    text. What differs in type only (`1` and `true`, a text and a Secret) differs.
    """
    return tuple(_differences(old, new, ()))


def in_common(
    by_holder: Mapping[str, Sequence[str]],
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Holders, and what just these have of what all have; what most of them have comes first."""
    holders: dict[str, list[str]] = {}
    for holder, things in by_holder.items():
        for thing in things:
            holders.setdefault(thing, []).append(holder)
    groups: dict[tuple[str, ...], list[str]] = {}
    for thing, those in holders.items():
        groups.setdefault(tuple(those), []).append(thing)
    ordered = sorted(groups.items(), key=lambda group: -len(group[0]))
    return [(those, tuple(things)) for those, things in ordered]


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any], above: Path
) -> Iterator[Difference]:
    for key in dict.fromkeys([*old, *new]):
        path, before, after = (*above, key), old.get(key, ABSENT), new.get(key, ABSENT)
        if type(before) is type(after) and type(before) in COMPARABLE:  # nearly all are such
            is_same = before == after
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differences(before, after, path)
            continue
        else:
            is_same = ABSENT not in (before, after) and _exact(before) == _exact(after)
        if not is_same:
            yield Difference(path, before, after)


def _exact(value: Any) -> str:
    # JSON tells 1, 1.0 and true apart, at any depth, which == does not.
    return json.dumps(value, sort_keys=True, default=lambda secret: {"secret": [secret.reveal()]})
