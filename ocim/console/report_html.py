"""The record of a mass upgrade as one HTML file that needs nothing else, not even scripts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.template.loader import render_to_string

from ocim.console.plan_text import whom
from ocim.console.report_csv import changes
from ocim.core.states import UpgradeState
from ocim.operations.redeploy.report import Line, Report

TEMPLATE = "console/rollout_report.html"
ROW = 40
"""Pixels of a row in the picture: a line of text, and a bar below it."""
HEAD = 26
"""Pixels above the first row, for the clock."""
NARROWEST = 0.6
"""Per cent of the width that even the shortest bar has."""
KINDS = {
    UpgradeState.SUCCEEDED: "good",
    UpgradeState.FAILED: "bad",
    UpgradeState.RUNNING: "busy",
    UpgradeState.UNDONE: "undone",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One instance in the picture; lengths across are per cent of the width."""

    label: str
    state: str
    kind: str
    took: str
    top: int
    left: str = ""
    """Nothing where it was not begun."""
    width: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment on the clock above the bars."""

    left: str
    text: str
    anchor: str


def as_html(report: Report) -> str:
    """The page. All of the record in it is escaped."""
    return render_to_string(
        TEMPLATE,
        {
            "report": report,
            "arguments": {name: _plain(value) for name, value in report.arguments.items()},
            "took": duration(report.seconds),
            "began": _clock(report.begun_at),
            "ended": _clock(report.ended_at) if report.ended_at else "",
            "made": _clock(report.made_at),
            "counts": [(state, count, _kind(state)) for state, count in report.counts.items()],
            "rows": [_row(line) for line in report.instances],
            "bars": bars(report),
            "ticks": ticks(report),
            "height": HEAD + ROW * len(report.instances),
            "variables": [
                (whom(labels, len(report.instances)), lines)
                for labels, lines in report.variables
                if lines
            ],
            "has_sql": any(line.sql for line in report.instances),
        },
    )


def bars(report: Report) -> list[Bar]:
    """A bar for each instance's last attempt."""
    begin, length = _span(report)
    return [_bar(line, HEAD + ROW * row, begin, length, report.made_at)
            for row, line in enumerate(report.instances)]  # fmt: skip


def ticks(report: Report) -> list[Tick]:
    """The beginning, the middle and the end."""
    begin, length = _span(report)
    moments = [begin + length * part / 2 for part in range(3)]
    form = "%H:%M" if length >= timedelta(minutes=5) else "%H:%M:%S"
    if begin.date() != moments[-1].date():
        form = f"%d %b {form}"
    anchors = ("start", "middle", "end")
    return [
        Tick(f"{50 * part}%", moment.strftime(form), anchor)
        for part, (moment, anchor) in enumerate(zip(moments, anchors, strict=True))
    ]


def duration(seconds: float | None) -> str:
    """Hours, minutes and seconds; nothing for None."""
    return "" if seconds is None else str(timedelta(seconds=round(seconds)))


def _bar(line: Line, top: int, begin: datetime, length: timedelta, now: datetime) -> Bar:
    words = (line.label, line.state, _kind(line.state), duration(line.seconds), top)
    if line.started_at is None:
        return Bar(*words)
    width = max(NARROWEST, 100 * (((line.ended_at or now) - line.started_at) / length))
    left = min(100 - NARROWEST, 100 * ((line.started_at - begin) / length))
    return Bar(*words, left=f"{left:.2f}%", width=f"{min(width, 100 - left):.2f}%")


def _span(report: Report) -> tuple[datetime, timedelta]:
    """From the first start to the last end, or till now."""
    starts = [line.started_at for line in report.instances if line.started_at]
    ends = [line.ended_at or report.made_at for line in report.instances if line.started_at]
    begin = min(starts, default=report.begun_at).astimezone(UTC)
    return begin, max(max(ends, default=report.made_at) - begin, timedelta(seconds=1))


def _row(line: Line) -> dict[str, Any]:
    return {
        "line": line,
        "kind": _kind(line.state),
        "changes": changes(line.before, line.after),
        "began": _clock(line.started_at) if line.started_at else "",
        "ended": _clock(line.ended_at) if line.ended_at else "",
        "took": duration(line.seconds),
        "replaced": _numbers(line.replaced),
        "appservers": _numbers(line.appservers),
    }


def _kind(state: str) -> str:
    return KINDS.get(UpgradeState(state), "idle")


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _numbers(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids)) or "none"


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
