"""The record of a rollout as one HTML file that needs nothing else, not even scripts."""

import json
from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string

from ocim.core.texts import duration
from ocim.operations.rollouts.record import DryRun, Line, Report
from ocim.presentation.gantt import gantt, kind_of
from ocim.presentation.words import changes, clock, effects, in_short, verdict, whom

TEMPLATE = "reports/rollout.html"


def as_html(report: Report) -> str:
    """The page. All of the record in it is escaped."""
    more = {"variables": variables(report), "made": clock(report.made_at)}
    return render_to_string(TEMPLATE, {**shown(report), **more})


def shown(report: Report) -> dict[str, Any]:
    """What a template shows of the record."""
    return {
        "report": report,
        "arguments": {name: _plain(value) for name, value in report.arguments.items()},
        "took": duration(report.seconds),
        "began": clock(report.begun_at),
        "ended": clock(report.ended_at),
        "counts": [(state, count, kind_of(state)) for state, count in report.counts.items()],
        "history": [(clock(one.at), one.kind, one.by, one.reason) for one in report.history],
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
    """Instances, in few words, and the changes of variables that they have in common."""
    total = len(report.instances)
    return [(whom(labels, total), lines) for labels, lines in report.variables if lines]


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
        "migrations": [(one, effects(one)) for one in dry_run.migrations],
    }


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _numbers(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids)) or "none"
