"""The live table of a rollout on a terminal."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db.models import Max, Q
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ocim.core.estimate import seconds_left
from ocim.core.states import RolloutState, UpgradeState
from ocim.core.texts import duration
from ocim.store.models import LogEntry, Rollout, Upgrade
from ocim.wiring import current_time

BAR = 30
"""Width of the progress bar in characters."""
COLUMNS = {"instance": 3, "step": 2, "attempt": None, "elapsed": None, "last line": 4}
"""Columns with their share of the width; those without a share take what they need."""


@contextmanager
def live_table(console: Console) -> Iterator[Callable[[Rollout], None]]:
    """Show a table, and yield what brings it up to date."""
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda rollout: live.update(_shown(rollout, current_time()), refresh=True)


def _shown(rollout: Rollout, now: datetime) -> RenderableType:
    upgrades = list(
        rollout.upgrades.order_by("wave", "id").values_list("state", "started_at", "ended_at")
    )
    running = list(
        rollout.upgrades.filter(
            Q(state=UpgradeState.RUNNING) | Q(state=UpgradeState.PENDING, not_before__gt=now)
        ).order_by("started_at", "id")
    )
    return Group(_progress(rollout, upgrades, now), _rows(running, now))


def _progress(
    rollout: Rollout,
    upgrades: Sequence[tuple[str, datetime | None, datetime | None]],
    now: datetime,
) -> RenderableType:
    states = [state for state, _, _ in upgrades]
    waiting, under_way = states.count(UpgradeState.PENDING), states.count(UpgradeState.RUNNING)
    failed = states.count(UpgradeState.FAILED)
    done = len(states) - waiting - under_way
    left = seconds_left(
        ended=[
            (ended - started).total_seconds()
            for state, started, ended in upgrades
            if state == UpgradeState.SUCCEEDED and started and ended
        ],
        running=[
            (now - started).total_seconds()
            for state, started, _ in upgrades
            if state == UpgradeState.RUNNING and started
        ],
        waiting=waiting if rollout.state == RolloutState.RUNNING else 0,
        slots=rollout.rules["batch_size"],
    )
    grid = Table.grid(padding=(0, 2))
    grid.add_row(
        Text(f"Rollout {rollout.pk} ({rollout.tag})", style="bold", no_wrap=True),
        ProgressBar(total=len(states), completed=done, width=BAR),
        Text(f"{done} of {len(states)}", no_wrap=True),
        Text(f"{failed} failed", style="red", no_wrap=True) if failed else "",
        Text(f"about {duration(left)} left", no_wrap=True) if left is not None else "",
        "" if rollout.state == RolloutState.RUNNING else Text(rollout.state, style="yellow"),
    )
    return grid


def _rows(upgrades: Sequence[Upgrade], now: datetime) -> RenderableType:
    table = Table(box=None, header_style="dim", expand=True, pad_edge=False)
    for name, ratio in COLUMNS.items():
        table.add_column(name, ratio=ratio, no_wrap=True, overflow="ellipsis")
    lines = _last_lines(upgrades)
    for upgrade in upgrades:
        line = next((lines[pk] for pk in reversed(upgrade.appservers) if pk in lines), "")
        began = upgrade.started_at or now
        if upgrade.state == UpgradeState.RUNNING:
            step, elapsed = upgrade.step, duration((now - began).total_seconds())
        else:
            step = f"retried at {upgrade.not_before:%H:%M:%S} UTC"
            elapsed, line = "", upgrade.failure
        texts = (upgrade.label, step, str(upgrade.attempts), elapsed, line.split("\n", 1)[0])
        table.add_row(*map(Text, texts))
    return table if upgrades else Text("No upgrade is under way.", style="dim")


def _last_lines(upgrades: Sequence[Upgrade]) -> dict[int, str]:
    """Return the last line of the log of each app server, by its id."""
    ids = [pk for upgrade in upgrades for pk in upgrade.appservers]
    last = LogEntry.objects.filter(appserver__in=ids).values("appserver").annotate(last=Max("pk"))
    lines = LogEntry.objects.filter(pk__in=last.values("last"))
    return {line.appserver_id: line.text for line in lines if line.appserver_id}
