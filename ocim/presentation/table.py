"""The record of a rollout as CSV, with a row for each instance."""

import csv
import io

from ocim.operations.rollouts.record import Line, Report
from ocim.presentation.texts import changes

COLUMNS = (
    "id",
    "instance",
    "state",
    "held",
    "wave",
    "attempts",
    "step",
    "begun",
    "ended",
    "seconds",
    "steps",
    "changes",
    "replaced",
    "appservers",
    "cause",
    "failure",
    "sql",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of cells that a spreadsheet takes for formulas."""


def as_csv(report: Report) -> str:
    """Return the record as CSV with a header.

    Ids in a cell are separated by spaces; steps, changes and SQL results are lines in a cell.
    """
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for line in report.instances:
        writer.writerow([harmless(cell) for cell in _cells(line)])
    return stream.getvalue()


def _cells(line: Line) -> list[object]:
    return [
        line.id,
        line.label,
        line.state,
        line.held,
        line.wave,
        line.attempts,
        line.step,
        line.started_at.isoformat(timespec="seconds") if line.started_at else "",
        line.ended_at.isoformat(timespec="seconds") if line.ended_at else "",
        _seconds(line.seconds),
        "\n".join(f"{step.name}: {step.state} {_seconds(step.seconds)}" for step in line.steps),
        "\n".join(changes(line.before, line.after)),
        " ".join(map(str, line.replaced)),
        " ".join(map(str, line.appservers)),
        line.cause,
        line.failure,
        "\n".join(
            f"{run.state}: {run.statement} {run.error} {run.note}".strip() for run in line.sql
        ),
    ]


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"


def harmless(cell: object) -> object:
    """Return the cell so that no spreadsheet takes it for a formula."""
    is_formula = isinstance(cell, str) and cell.startswith(FORMULA)
    return f"'{cell}" if is_formula else cell
