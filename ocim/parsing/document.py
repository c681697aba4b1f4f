"""Documents that were read: values, places of everything in them, and faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ocim.parsing.faults import Fault, Place

Path = tuple[str | int | float | bool | None, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """Text in a document: its value, and the way it is written there."""

    value: str
    raw: str
    start: Place

    def place_of(self, word: str, line: int) -> Place:
        """Return the place in the document of a `word` in that `line` (from 1) of the value.

        Return the start of the text if the place is unknown, because of escapes or folded lines.
        """
        lines = self.value.split("\n")
        before = sum(len(above) + 1 for above in lines[: line - 1])
        word = word or "".join(lines[line - 1 : line]).strip()
        nth = self.value.count(word, 0, before) if word else -1
        index = -1
        for _ in range(nth + 1):
            index = self.raw.find(word, index + 1)
            if index < 0:
                break
        if index < 0:
            return self.start
        above = self.raw.count("\n", 0, index)
        column = index - self.raw.rfind("\n", 0, index) if above else self.start.column + index
        return Place(self.start.line + above, column)


@dataclass(slots=True)
class Document:
    """Document that was read; `value` is valid only if there are no `faults`."""

    source: str
    value: Any = None
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    """Values that are valid, but hardly meant."""
    places: dict[Path, Place] = field(default_factory=dict)
    """Places of all keys and list items."""
    texts: list[Text] = field(default_factory=list)
    """Texts, including keys."""
    written: dict[Path, str] = field(default_factory=dict)
    """Numbers, true, false and null, as written."""

    def fault(self, place: Place, text: str) -> None:
        """Add a fault."""
        self.faults.append(Fault(place, text))

    def warn(self, place: Place, text: str) -> None:
        """Add a warning."""
        self.warnings.append(Fault(place, text))


class Written(dict[str, Any]):
    """Mapping that remembers how its values are written: `1.10`, which YAML reads as 1.1."""

    def __init__(self, values: Mapping[str, Any], texts: Mapping[Path, str]) -> None:
        super().__init__(values)
        self.texts = texts


def written(values: Mapping[str, Any], name: str) -> str:
    """Return a value as its author wrote it, or as Python prints it if that is unknown."""
    texts = values.texts if isinstance(values, Written) else {}
    return texts.get((name,)) or repr(values[name])
