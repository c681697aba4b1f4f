"""The Gantt chart of a rollout: a bar for each instance, with its steps in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ocim.core.states import StepState, UpgradeState
from ocim.core.texts import duration
from ocim.operations.rollouts.record import Line, Report, Step

ROW = 40
"""Height of a row in pixels: a line of text, and a bar below it."""
HEAD = 26
"""Height above the first row in pixels, for the clock."""
NARROWEST = 0.4
"""Minimum width of a step, in percent of the chart's."""
KINDS = {
    UpgradeState.SUCCEEDED: "good",
    UpgradeState.FAILED: "bad",
    UpgradeState.RUNNING: "busy",
    UpgradeState.UNDONE: "undone",
}
KINDS_OF_STEPS = {StepState.FAILED: "bad", StepState.INTERRUPTED: "bad", StepState.RUNNING: "busy"}


@dataclass(frozen=True, slots=True)
class Segment:
    """A step in the chart; lengths are percentages of the chart's width."""

    name: str
    kind: str
    left: str
    width: str
    took: str
    shade: str
    """`odd` or `even`: neighbours look different."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An instance in the chart: a line of text, and its steps below."""

    label: str
    state: str
    kind: str
    took: str
    top: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the clock above the bars."""

    left: str
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Gantt:
    """The chart of a rollout."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    height: int


@dataclass(frozen=True, slots=True)
class _Scale:
    begin: datetime
    length: timedelta
    now: datetime

    def place(self, start: datetime, end: datetime | None) -> tuple[str, str]:
        """Return left end and width of a step as percentages."""
        left = max(0.0, min(100 - NARROWEST, 100 * ((start - self.begin) / self.length)))
        width = max(NARROWEST, 100 * (((end or self.now) - start) / self.length))
        return f"{left:.2f}%", f"{min(width, 100 - left):.2f}%"


def gantt(report: Report) -> Gantt:
    """Return the chart from the start of the first step to the end of the last, or to now."""
    steps = [_steps(line) for line in report.instances]
    scale = _scale(report, [step for of_line in steps for step in of_line])
    rows = zip(report.instances, steps, strict=True)
    return Gantt(
        bars=tuple(
            _bar(line, of_line, HEAD + ROW * row, scale) for row, (line, of_line) in enumerate(rows)
        ),
        ticks=_ticks(scale),
        height=HEAD + ROW * len(report.instances),
    )


def kind_of(state: str) -> str:
    """Return the CSS class for the colour of an upgrade's state."""
    return KINDS.get(UpgradeState(state), "idle")


def _steps(line: Line) -> Sequence[Step]:
    """Return the steps of an upgrade; one that waits for a worker has a step for that."""
    if line.steps or not line.started_at:
        return line.steps
    state = StepState.DONE if line.ended_at else StepState.RUNNING
    times = (line.started_at, line.ended_at, line.seconds)
    return [Step(line.step, line.attempts, state.value, *times)]


def _bar(line: Line, steps: Sequence[Step], top: int, scale: _Scale) -> Bar:
    kind = kind_of(line.state)
    done = "idle" if kind == "bad" else kind
    segments = [
        Segment(
            step.name,
            KINDS_OF_STEPS.get(StepState(step.state), done),
            *scale.place(step.started_at, step.ended_at),
            duration(step.seconds),
            "odd" if place % 2 else "even",
        )
        for place, step in enumerate(steps)
    ]
    return Bar(line.label, line.state, kind, duration(line.seconds), top, tuple(segments))


def _scale(report: Report, steps: Sequence[Step]) -> _Scale:
    now = report.made_at
    begin = min((step.started_at for step in steps), default=report.begun_at).astimezone(UTC)
    end = max((step.ended_at or now for step in steps), default=now)
    return _Scale(begin, max(end - begin, timedelta(seconds=1)), now)


def _ticks(scale: _Scale) -> tuple[Tick, ...]:
    """Return the times of the beginning, the middle and the end."""
    moments = [scale.begin + scale.length * part / 2 for part in range(3)]
    form = "%H:%M" if scale.length >= timedelta(minutes=5) else "%H:%M:%S"
    if moments[0].date() != moments[-1].date():
        form = f"%d %b {form}"
    return tuple(
        Tick(f"{50 * part}%", moment.strftime(form), anchor)
        for part, (moment, anchor) in enumerate(
            zip(moments, ("start", "middle", "end"), strict=True)
        )
    )
