"""Variables and their differences, for commands and API."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from ocim.core.differences import ABSENT, Difference, differences
from ocim.core.secrets import masked
from ocim.core.variables import Effective, dotted


@dataclass(frozen=True, slots=True)
class Change:
    """A difference with the layer of each side; the layer is "" for a side that is absent."""

    difference: Difference
    old_layer: str
    new_layer: str

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """Kind of the difference."""
        if self.difference.old is ABSENT:
            return "added"
        return "removed" if self.difference.new is ABSENT else "changed"

    def __str__(self) -> str:
        """Return one line; it says of a secret that it changed, and shows neither value."""
        old, new = _shown(self.difference.old), _shown(self.difference.new)
        values = f"{new} (with a secret that changed)" if old == new else f"{old} → {new}"
        layers = dict.fromkeys(layer for layer in (self.old_layer, self.new_layer) if layer)
        return f"{dotted(self.difference.path)}: {values}  [{' → '.join(layers)}]"

    def as_data(self) -> dict[str, Any]:
        """Return a dictionary for JSON; an absent side has no keys, secrets are masked."""
        data: dict[str, Any] = {"path": list(self.difference.path), "change": self.kind}
        if self.difference.old is not ABSENT:
            data |= {"old": masked(self.difference.old), "old_layer": self.old_layer}
        if self.difference.new is not ABSENT:
            data |= {"new": masked(self.difference.new), "new_layer": self.new_layer}
        return data


def changes(old: Effective, new: Effective) -> list[Change]:
    """Return the differences, each with the layers that its values come from."""
    return [
        Change(
            difference,
            "" if difference.old is ABSENT else old.source(difference.path),
            "" if difference.new is ABSENT else new.source(difference.path),
        )
        for difference in differences(old.values, new.values)
    ]


def _shown(side: Any) -> str:
    return str(side) if side is ABSENT else one_line(masked(side)) or '""'


def one_line(value: Any) -> str:
    """Return a text of one line unchanged, any other value as JSON."""
    if isinstance(value, str) and not set(value) & set("\n\r\t"):
        return value
    return json.dumps(value, default=str, ensure_ascii=False)
