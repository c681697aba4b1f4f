"""The output of commands, for people and for scripts."""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ocim.core.errors import ValidationError

if TYPE_CHECKING:
    from rich.console import Console

_SPACES = str.maketrans("\t\r\n", "   ")
_CONTROL = dict.fromkeys(map(ord, "\a\b\v\f\r"))
"""Control characters, which are never printed: a terminal would obey them."""


class Output:
    """Output with tables and colours on a terminal, as plain lines elsewhere, or as JSON."""

    def __init__(self, stream: TextIO, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._stream = stream

    @cached_property
    def console(self) -> "Console":
        """Rich's console; loading Rich takes a while, and only terminals need it."""
        from rich.console import Console

        return Console(file=self._stream, highlight=False, soft_wrap=True)

    @cached_property
    def is_terminal(self) -> bool:
        """True if the stream is a terminal, by Rich's rules."""
        forced = "TTY_COMPATIBLE" in os.environ or "FORCE_COLOR" in os.environ
        return (forced or self._stream.isatty()) and self.console.is_terminal

    def say(self, text: str, style: str = "") -> None:
        """Print a line for people; print nothing if JSON is asked for."""
        if not self.as_json:
            self._print((text, style))
            self._stream.flush()  # a reader of the pipe sees the line at once

    def data(self, value: Any) -> None:
        """Print a value as one JSON document."""
        self._print((json.dumps(value, indent=2, default=str, ensure_ascii=self._ascii), ""))

    def line(self, value: Any) -> None:
        """Print a value as JSON on one line, as one of many."""
        self._print((json.dumps(value, default=str, ensure_ascii=self._ascii), ""))

    def _print(self, *parts: tuple[str, str]) -> None:
        """Print texts, each with its style, as one line."""
        if self.is_terminal:
            from rich.text import Text

            self.console.print(Text.assemble(*parts))
        else:
            line = "".join(text for text, _ in parts)
            self._stream.write(f"{line.translate(_CONTROL)}\n")

    @property
    def _ascii(self) -> bool:
        """True if the stream cannot encode every letter, so that JSON must escape them."""
        return not (getattr(self._stream, "encoding", "") or "utf-8").lower().startswith("utf")

    def document(self, text: str) -> None:
        """Print a document unchanged."""
        self._stream.write(text)

    def rows(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table: as JSON a list of objects, without a terminal tab-separated lines."""
        if self.as_json:
            self.data([dict(zip(columns, row, strict=True)) for row in rows])
        elif self.is_terminal:
            from rich.table import Table
            from rich.text import Text

            table = Table(*columns, box=None, header_style="bold", pad_edge=False)
            for row in rows:
                table.add_row(*(Text(_cell(cell)) for cell in row))
            self.console.print(table, soft_wrap=False)
        else:
            for row in (columns, *rows):
                self._stream.write("\t".join(_one_line(cell) for cell in row) + "\n")

    def facts(self, facts: dict[str, object]) -> None:
        """Print names and values, one pair per line; as JSON one object."""
        if self.as_json:
            self.data(facts)
            return
        width = max(map(len, facts))
        for name, value in facts.items():
            self._print((f"{name:<{width}}  ", "dim"), (_cell(value), ""))


def write_privately(path: Path, text: str, *, option: str) -> None:
    """Write a file that only its owner may read, all of it or nothing.

    Plans and reports tell much about an installation. Raise ValidationError, naming the option, if
    the file cannot be written.
    """
    beside = path.parent / f"{path.name}.part"
    try:
        if path.exists() and not path.is_file():
            raise ValidationError(
                [f"{option}: {path} exists and is not a file. Choose another path."]
            )
        path = path.resolve()
        beside.touch(mode=0o600)
        beside.chmod(0o600)
        beside.write_text(text)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise ValidationError([f"{option}: cannot write {path}: {error.strerror}."]) from None


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
