"""The one place through which commands speak to people and to scripts."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ocim.core.errors import ValidationError

_SPACES = str.maketrans("\t\r\n", "   ")


class Output:
    """Tables and colours on a terminal, plain lines elsewhere, one JSON document for scripts."""

    def __init__(self, stream: TextIO, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.console = Console(file=stream, highlight=False, soft_wrap=True)

    @property
    def _ascii(self) -> bool:
        """Whether JSON must escape letters, because the stream does not know all of them."""
        return not self.console.encoding.startswith("utf")

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it as it is written."""
        return self.console.is_terminal

    def say(self, text: str, style: str = "") -> None:
        """One line for people; nothing where a script reads."""
        if self.as_json:
            return
        if self.is_terminal:
            self.console.print(Text(text, style=style))
        else:  # thousands of lines, of which Rich would think long
            self.console.file.write(f"{Text(text).plain}\n")
            self.console.file.flush()  # whoever reads it waits for it

    def data(self, value: Any) -> None:
        """The answer for a script."""
        self.console.print(Text(json.dumps(value, indent=2, default=str, ensure_ascii=self._ascii)))

    def line(self, value: Any) -> None:
        """One of many answers for a script, on a line of its own."""
        self.console.print(Text(json.dumps(value, default=str, ensure_ascii=self._ascii)))

    def document(self, text: str) -> None:
        """A whole document, to the letter."""
        self.console.file.write(text)

    def rows(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table; as JSON a list of objects, elsewhere tab-separated lines with a header."""
        if self.as_json:
            self.data([dict(zip(columns, row, strict=True)) for row in rows])
        elif self.is_terminal:
            table = Table(*columns, box=None, header_style="bold", pad_edge=False)
            for row in rows:
                table.add_row(*(Text(_cell(cell)) for cell in row))
            self.console.print(table, soft_wrap=False)
        else:
            for row in (columns, *rows):
                # Rich would make spaces of the tabs.
                self.console.file.write("\t".join(_one_line(cell) for cell in row) + "\n")

    def facts(self, facts: dict[str, object]) -> None:
        """Names and values below one another; as JSON one object."""
        if self.as_json:
            self.data(facts)
            return
        width = max(map(len, facts))
        for name, value in facts.items():
            line = Text(f"{name:<{width}}  ", style="dim" if self.is_terminal else "")
            self.console.print(line + Text(_cell(value)))


def write_privately(path: Path, text: str, *, option: str) -> None:
    """Write the whole of a file that only its owner may read, or nothing of it.

    What is planned, and what became of it, tells much of an installation. ValidationError, naming
    the option, where it cannot be written.
    """
    beside = path.parent / f"{path.name}.part"
    try:
        if path.exists() and not path.is_file():
            raise ValidationError([f"{option}: {path} is no file."])
        path = path.resolve()
        beside.touch(mode=0o600)
        beside.chmod(0o600)
        beside.write_text(text)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise ValidationError([f"{option}: {path} cannot be written: {error.strerror}."]) from None


def _one_line(value: object) -> str:
    return _cell(value).translate(_SPACES)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
