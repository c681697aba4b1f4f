"""Parts of pages marked as ```console: commands after `$ `, and their output.

In what it says, `…` stands for anything in a line, and alone for any lines. Times, durations,
addresses of hosts and the width of columns may differ.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.acceptance.installation import Installation

ANYTHING = "…"
_HEREDOC = re.compile(r"<<'(?P<word>\w+)'$")
_END = "end of what was said"
_DIFFERS = (
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "TIME"),
    (re.compile(r"\(\d+\.\d s\)"), "(SECONDS)"),
    (re.compile(r"\b127\.(?!0\.0\.1\b)\d+\.\d+\.\d+\b"), "ADDRESS"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Step:
    """A command as it is typed, and the lines that it must print."""

    command: str
    said: list[str]


def steps(text: str) -> Iterator[Step]:
    """Return the commands of a block, in order; a here-document belongs to its command."""
    lines = iter(text.splitlines())
    command, output = "", list[str]()
    for line in lines:
        if not line.startswith("$ "):
            output.append(line)
            continue
        if command:
            yield Step(command, output)
        command, output = line.removeprefix("$ "), []
        if heredoc := _HEREDOC.search(command):
            for more in lines:
                command += f"\n{more}"
                if more == heredoc["word"]:
                    break
    yield Step(command, output)


def fits(said: str, expected: list[str]) -> bool:
    """Return True if the output is the expected one, line by line."""
    pattern = ""
    for line in _lines("\n".join(expected)):
        if line == ANYTHING:
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split(ANYTHING)) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(said))) is not None


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for pattern, word in _DIFFERS:
            line = pattern.sub(word, line)  # noqa: PLW2901
        if line.strip():
            yield line.strip()


class Shell:
    """A second terminal beside a running installation, in a directory like a clone's.

    The pages' ports are those of `make run`; here they become the installation's.
    """

    def __init__(self, installation: Installation, directory: Path) -> None:
        self._installation = installation
        (directory / ".venv").symlink_to(Path(installation.program).parents[1])
        (directory / "var").symlink_to(installation.var)
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=directory,
            env=installation.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        self.run(". .venv/bin/activate")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._bash.kill()
        self._bash.communicate()

    def run(self, command: str) -> str:
        """Return the command's output, errors included."""
        assert self._bash.stdin
        assert self._bash.stdout
        # A command that asks would wait here for ever: it gets nothing to read.
        self._bash.stdin.write(f"{{ {self._here(command)}\n}} </dev/null\necho; echo '{_END}'\n")
        self._bash.stdin.flush()
        output = ""
        for line in self._bash.stdout:
            if line.strip() == _END:
                break
            output += line
        return self._as_in_pages(output)

    def _here(self, text: str) -> str:
        return text.replace(":8443", f":{self._installation.https_port}").replace(
            "127.0.0.1:5000", self._installation.web_address
        )

    def _as_in_pages(self, text: str) -> str:
        return text.replace(f":{self._installation.https_port}", ":8443").replace(
            self._installation.web_address, "127.0.0.1:5000"
        )

    def start_said(self) -> str:
        """Return the output of `make run`."""
        return self._as_in_pages(self._installation.said)
