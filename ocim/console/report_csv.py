"""The record of a mass upgrade as CSV: a row for each instance."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from ocim.operations.redeploy.report import Line, Report

COLUMNS = ("id", "instance", "state", "held", "wave", "attempts", "step", "begun", "ended",
           "seconds", "changes", "replaced", "appservers", "cause", "failure", "sql")  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula where a cell begins with it."""


def as_csv(report: Report) -> str:
    """With a header; lists are separated by spaces, changes and SQL results are lines in a cell."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for line in report.instances:
        writer.writerow([_harmless(cell) for cell in _cells(line)])
    return stream.getvalue()


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """`field: old → new`, for each."""
    return [f"{name}: {_value(before[name])} → {_value(new)}" for name, new in after.items()]


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
        "" if line.seconds is None else round(line.seconds, 1),
        "\n".join(changes(line.before, line.after)),
        " ".join(map(str, line.replaced)),
        " ".join(map(str, line.appservers)),
        line.cause,
        line.failure,
        "\n".join(f"{run.state}: {run.statement} {run.error}".strip() for run in line.sql),
    ]


def _value(value: object) -> str:
    return "(empty)" if value in ("", None) else str(value)


def _harmless(cell: object) -> object:
    is_formula = isinstance(cell, str) and cell.startswith(FORMULA)
    return f"'{cell}" if is_formula else cell
