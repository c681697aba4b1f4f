"""A mapping that was read from YAML, and how its values are written there."""

from collections.abc import Mapping
from typing import Any

from ocim.parsing.document import Path


class Written(dict[str, Any]):
    """A mapping whose errors can quote what its author wrote: `1.10`, of which YAML makes 1.1."""

    def __init__(self, values: Mapping[str, Any], texts: Mapping[Path, str]) -> None:
        super().__init__(values)
        self.texts = texts


def written(values: Mapping[str, Any], name: str) -> str:
    """Return the value as its author wrote it, or as Python shows it where that is not known."""
    texts = values.texts if isinstance(values, Written) else {}
    return texts.get((name,)) or repr(values[name])
