"""A document that was read: its value, where everything in it stands, and what is wrong."""

from dataclasses import dataclass, field
from typing import Any

from ocim.parsing.faults import Fault, Place

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A text in a document: its value, and how it is written there."""

    value: str
    raw: str
    start: Place

    def place_of(self, word: str, line: int) -> Place:
        """Where in the document `word` stands that is in the value's `line` (from 1).

        The beginning of the text where it cannot be told (escapes, a line that was folded).
        """
        lines = self.value.split("\n")
        before = sum(len(above) + 1 for above in lines[: line - 1])
        word = word or "".join(lines[line - 1 : line]).strip()
        nth = self.value.count(word, 0, before) if word else -1
        at = -1
        for _ in range(nth + 1):
            at = self.raw.find(word, at + 1)
            if at < 0:
                break
        if at < 0:
            return self.start
        above = self.raw.count("\n", 0, at)
        column = at - self.raw.rfind("\n", 0, at) if above else self.start.column + at
        return Place(self.start.line + above, column)


@dataclass(slots=True)
class Document:
    """What was read; `value` says something only where there are no `faults`."""

    source: str
    value: Any = None
    faults: list[Fault] = field(default_factory=list)
    places: dict[Path, Place] = field(default_factory=dict)
    """Of every key and list item."""
    texts: list[Text] = field(default_factory=list)
    """Every text, keys too."""
    written: dict[Path, str] = field(default_factory=dict)
    """Numbers, true, false and null as they are written."""

    def fault(self, place: Place, text: str) -> None:
        """Note what is wrong."""
        self.faults.append(Fault(place, text))
