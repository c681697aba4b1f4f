"""The table of what was proven: release, service, contract, result."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from tests.acceptance.installation import REPOSITORY

PROPERTY = "conformance"
"""Name of the property of a test's report that holds the first columns of its row."""
PAGE = REPOSITORY / "docs/reference/conformance.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
COLUMNS = ("release", "service", "it is", "contract", "result", "date")
Row = tuple[str, ...]


def markdown(rows: Iterable[Row]) -> str:
    """Return the table in Markdown."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def plain(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of the table for a terminal."""
    lines = [COLUMNS, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()


def row(proof: Iterable[object], result: str, day: date) -> Row:
    """Return a row of the table."""
    return (*map(str, proof), result, day.isoformat())


def write(rows: Iterable[Row], page: Path = PAGE) -> None:
    """Put the table in the place of the page's present one."""
    before, result, rest = page.read_text().partition(BEGIN)
    _, also_found, after = rest.partition(END)
    assert result, f"{page} has no line {BEGIN}"
    assert also_found, f"{page} has no line {END}"
    page.write_text(f"{before}{BEGIN}{markdown(rows)}{END}{after}")
