"""Markdown pages: their blocks of code, their links, and what can be linked to."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.installation import REPOSITORY

_BLOCK = re.compile(
    r"^```(?P<language>\w*)(?P<more>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^()\s]+)\)")
_HEADING = re.compile(r"(?m)^#+ (?P<text>.+)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the words after it, and its text."""

    language: str
    more: str
    text: str


def all_pages() -> list[Path]:
    """Return every Markdown file of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return [REPOSITORY / name for name in listed.stdout.splitlines()]


def blocks(page: Path, language: str) -> list[Block]:
    """Return the page's blocks of one language, in order."""
    result = [
        Block(match["language"], match["more"].strip(), match["text"])
        for match in _BLOCK.finditer(page.read_text())
    ]
    return [block for block in result if block.language == language]


def links(page: Path) -> Iterator[str]:
    """Yield the targets of the page's links within the repository."""
    for match in _LINK.finditer(_prose(page)):
        if not match["target"].startswith(("http://", "https://")):
            yield match["target"]


def anchors(page: Path) -> set[str]:
    """Return the parts of the page that a link may name after `#`."""
    return {_anchor(match["text"]) for match in _HEADING.finditer(_prose(page))}


def _prose(page: Path) -> str:
    return _BLOCK.sub("", page.read_text())


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")
