"""The record of a rollout as one HTML file that needs nothing else, not even scripts."""

import json
from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string

from ocim.core.texts import duration
from ocim.operations.rollouts.record import DryRun, Line, Report
from ocim.presentation.gantt import gantt, kind_of
from ocim.presentation.texts import changes, clock, effects, in_short, verdict, whom
from ocim.presentation.variables import grouped

TEMPLATE = "presentation/rollout_report.html"


def as_html(report: Report) -> str:
    """Return the record as an HTML page; everything in it is escaped."""
    more = {"variables": variables(report), "made": clock(report.made_at)}
    return render_to_string(TEMPLATE, {**template_values(report), **more})


def template_values(report: Report) -> dict[str, Any]:
    """Return what templates show of the record."""
    return {
        "report": report,
        "arguments": {name: _text(value) for name, value in report.arguments.items()},
        "took": duration(report.seconds),
        "began": clock(report.begun_at),
        "ended": clock(report.ended_at),
        "counts": [(state, count, kind_of(state)) for state, count in report.counts.items()],
        "history": [
            (clock(event.at), event.kind, event.by, event.reason) for event in report.history
        ],
        "rows": [_row(line) for line in report.instances],
        "gantt": gantt(report),
        "has_sql": any(line.sql for line in report.instances),
        "dry_runs": [
            _dry_run(line.label, line.preview)
            for line in report.instances
            if line.preview and not line.preview.of
        ],
    }


def variables(report: Report) -> list[tuple[str, Sequence[str]]]:
    """Return the changes of variables, grouped by the instances that share them, in few words."""
    total = len(report.instances)
    groups = grouped({line.label: line.variables for line in report.instances})
    return [(whom(labels, total), lines) for labels, lines in groups if lines]


def _row(line: Line) -> dict[str, Any]:
    return {
        "line": line,
        "kind": kind_of(line.state),
        "changes": changes(line.before, line.after),
        "began": clock(line.started_at),
        "ended": clock(line.ended_at),
        "took": duration(line.seconds),
        "steps": [(step, duration(step.seconds)) for step in line.steps],
        "replaced": _numbers(line.replaced),
        "appservers": _numbers(line.appservers),
    }


def _dry_run(label: str, dry_run: DryRun) -> dict[str, Any]:
    return {
        "label": label,
        "dry_run": dry_run,
        "short": in_short(dry_run),
        "verdict": verdict(dry_run),
        "migrations": [(migration, effects(migration)) for migration in dry_run.migrations],
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _numbers(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids)) or "none"
