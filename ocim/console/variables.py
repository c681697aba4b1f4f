"""Variables and their differences, as commands show them."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from ocim.core.differences import ABSENT, Difference, differences
from ocim.core.secrets import masked
from ocim.core.variables import Effective


@dataclass(frozen=True, slots=True)
class Change:
    """A difference, the layers that its sides come from ("" where there is none)."""

    difference: Difference
    old_layer: str
    new_layer: str

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """What happened to the variable."""
        if self.difference.old is ABSENT:
            return "added"
        return "removed" if self.difference.new is ABSENT else "changed"

    def __str__(self) -> str:
        """One line; it says of a secret that it changed, and not how."""
        old, new = _shown(self.difference.old), _shown(self.difference.new)
        values = f"{new} (with a secret that changed)" if old == new else f"{old} → {new}"
        layers = dict.fromkeys(layer for layer in (self.old_layer, self.new_layer) if layer)
        return f"{'.'.join(self.difference.path)}: {values}  [{' → '.join(layers)}]"

    def as_data(self) -> dict[str, Any]:
        """For scripts; a side that is not there has no keys, a secret is masked."""
        data: dict[str, Any] = {"path": list(self.difference.path), "change": self.kind}
        if self.difference.old is not ABSENT:
            data |= {"old": masked(self.difference.old), "old_layer": self.old_layer}
        if self.difference.new is not ABSENT:
            data |= {"new": masked(self.difference.new), "new_layer": self.new_layer}
        return data


def changes(old: Effective, new: Effective) -> list[Change]:
    """What is different, with the layers that have the last word on it."""
    return [
        Change(
            one,
            "" if one.old is ABSENT else old.source(one.path),
            "" if one.new is ABSENT else new.source(one.path),
        )
        for one in differences(old.values, new.values)
    ]


def _shown(side: Any) -> str:
    return str(side) if side is ABSENT else one_line(masked(side)) or '""'


def one_line(value: Any) -> str:
    """A text as it is, if that is one line without tabs; anything else as JSON."""
    if isinstance(value, str) and not set(value) & set("\n\r\t"):
        return value
    return json.dumps(value, default=str, ensure_ascii=False)
