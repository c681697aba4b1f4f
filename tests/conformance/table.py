"""The table of what was proven: release, service, contract, result."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

from ocim.catalog.releases import Release
from ocim.core.instance import Service
from tests.acceptance.installation import REPOSITORY

PROPERTY = "conformance"
"""Name of the property of a test's report that holds the first columns of its row."""
PAGE = REPOSITORY / "docs/reference/conformance.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
COLUMNS = ("release", "service", "it is", "contract", "result", "date")
SUMMARY = ("release", "service", "it is", "contracts", "date")
OUTCOMES = ("passed", "failed", "skipped")
SERVICES = [service.value for service in Service]
Row = tuple[str, ...]


def plain(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of the table for a terminal, with a line for each contract."""
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
    """Put the results into the page's table, which keeps those of other services."""
    before, result, rest = page.read_text().partition(BEGIN)
    old, also_found, after = rest.partition(END)
    assert result, f"{page} has no line {BEGIN}"
    assert also_found, f"{page} has no line {END}"
    merged = {line[:3]: line for line in [*_lines(old), *summary(rows)]}
    table = markdown(sorted(merged.values(), key=_order))
    page.write_text(f"{before}{BEGIN}{table}{END}{after}")


def summary(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield a row for each service of a release: contracts that failed or were skipped by name."""
    for proof, of_service in groupby(
        sorted(rows, key=lambda row: row[:3]), key=lambda row: row[:3]
    ):
        results = list(of_service)
        names = {
            outcome: [name for *_, name, result, _day in results if result == outcome]
            for outcome in OUTCOMES
        }
        parts = [f"{len(names['passed'])} passed"]
        parts += [
            f"{outcome}: {', '.join(names[outcome])}" for outcome in OUTCOMES[1:] if names[outcome]
        ]
        yield (*proof, "; ".join(parts), max(day for *_, day in results))


def markdown(rows: Iterable[Row]) -> str:
    """Return a table of summaries in Markdown."""
    lines = [SUMMARY, ("---",) * len(SUMMARY), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _lines(text: str) -> Iterator[Row]:
    """Yield the rows of a table in Markdown."""
    for line in text.splitlines()[2:]:
        yield tuple(line.strip("| ").split(" | "))


def _order(row: Row) -> tuple[Release, int, str]:
    release, service, kind, *_ = row
    return Release.of(release), SERVICES.index(service), kind
