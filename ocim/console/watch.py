"""A rollout as those see it who wait for it: lines that a log keeps, or a live table."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.live import Live
from rich.table import Table

from ocim.console.output import Output
from ocim.core.states import RolloutState, UpgradeState
from ocim.store.models import LogEntry, Rollout, Upgrade
from ocim.wiring import context

PAUSE = 0.5
"""Seconds between two looks into the database."""
SHOWN = (UpgradeState.PENDING, UpgradeState.RUNNING, UpgradeState.FAILED, UpgradeState.SUCCEEDED)
NOT_WELL = 3
INTERRUPTED = 130
BAD = (UpgradeState.FAILED, UpgradeState.CANCELLED)


def watch(rollout: Rollout, out: Output, *, frequency: float = 600.0) -> bool:
    """Tell what happens until it is over or stands still; whether all went well.

    The status comes at the beginning, at the end, and every `frequency` seconds.
    """
    told: dict[int, tuple[str, int]] = {}
    next_status = 0.0
    with _table(out) as show:
        while True:
            rollout.refresh_from_db()
            upgrades = list(rollout.upgrades.order_by("wave", "id").defer("before", "after"))
            for one in upgrades:
                _tell(one, told, out)
            show(rollout, upgrades)
            if rollout.state in (RolloutState.ENDED, RolloutState.PAUSED) and not any(
                one.state == UpgradeState.RUNNING for one in upgrades
            ):
                break
            if time.monotonic() >= next_status:
                status(upgrades, out)
                next_status = time.monotonic() + frequency
            time.sleep(PAUSE)
    status(upgrades, out)
    if rollout.state == RolloutState.PAUSED:
        out.say(f"Paused: {rollout.reason}", style="yellow")
        out.say(f"Go on with: ocim rollout resume {rollout.pk}")
    return rollout.state == RolloutState.ENDED and not any(one.state in BAD for one in upgrades)


def watch_to_end(rollout: Rollout, out: Output, *, frequency: float = 600.0) -> None:
    """As `watch`, but ends the command, unless all went well, with the status that says how."""
    try:
        well = watch(rollout, out, frequency=frequency)
    except KeyboardInterrupt:
        out.say(f"The rollout goes on. Look again with: ocim rollout watch {rollout.pk}")
        raise SystemExit(INTERRUPTED) from None
    if not well:
        raise SystemExit(NOT_WELL)


def status(upgrades: list[Upgrade], out: Output) -> None:
    """The block that operators' eyes and scripts know."""
    counted = Counter(one.state for one in upgrades)
    out.say("******* Status *******")
    for state in SHOWN:
        out.say(f"  Instances {state.value}: {counted[state]}")
    for state in (UpgradeState.CANCELLED, UpgradeState.UNDONE):
        if counted[state]:
            out.say(f"  Instances {state.value}: {counted[state]}")


def _tell(upgrade: Upgrade, told: dict[int, tuple[str, int]], out: Output) -> None:
    """What is new of one; what came and went between two looks is told, too."""
    before, now = told.get(upgrade.pk, ("", 0)), (upgrade.state, upgrade.attempts)
    if before == now:
        return
    told[upgrade.pk] = now
    if upgrade.attempts and before != (UpgradeState.RUNNING, upgrade.attempts):
        again = f" (attempt {upgrade.attempts})" if upgrade.attempts > 1 else ""
        out.say(f"SPAWNING: {upgrade.label}{again}")
    if upgrade.state == UpgradeState.SUCCEEDED:
        out.say(f"SUCCESS: {upgrade.label}", style="green")
    elif upgrade.state == UpgradeState.FAILED:
        out.say(f"FAILED: {upgrade.label}", style="red")
        out.say(f"  {_first_line(upgrade.failure)}", style="red")
    elif upgrade.state == UpgradeState.PENDING and upgrade.attempts:
        out.say(f"RETRYING: {upgrade.label}: {_first_line(upgrade.failure)}", style="yellow")


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]


@contextmanager
def _table(out: Output) -> Iterator[Callable[[Rollout, list[Upgrade]], None]]:
    if out.as_json or not out.is_terminal:
        yield lambda _rollout, _upgrades: None
        return
    with Live(console=out.console, auto_refresh=False, transient=True) as live:
        yield lambda rollout, upgrades: live.update(_rows(rollout, upgrades), refresh=True)


def _rows(rollout: Rollout, upgrades: list[Upgrade]) -> Table:
    done = sum(one.state not in (UpgradeState.PENDING, UpgradeState.RUNNING) for one in upgrades)
    table = Table(title=_estimate(rollout, upgrades, done), title_justify="left", box=None)
    for column in ("instance", "step", "attempt", "elapsed", "last line"):
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    now = context().now()
    for one in upgrades:
        if one.state == UpgradeState.RUNNING and one.started_at:
            elapsed = timedelta(seconds=int((now - one.started_at).total_seconds()))
            table.add_row(one.label, one.step, str(one.attempts), str(elapsed), _last_line(one))
    return table


def _estimate(rollout: Rollout, upgrades: list[Upgrade], done: int) -> str:
    width = 30
    filled = width * done // max(1, len(upgrades))
    bar = f"{'█' * filled}{'░' * (width - filled)} {done}/{len(upgrades)}"
    times = [
        (one.ended_at - one.started_at).total_seconds()
        for one in upgrades
        if one.ended_at and one.started_at and one.state == UpgradeState.SUCCEEDED
    ]
    if not times or done == len(upgrades):
        return bar
    rounds = -(-(len(upgrades) - done) // rollout.rules["batch_size"])
    left = timedelta(seconds=int(rounds * sum(times) / len(times)))
    return f"{bar}  about {left} left"


def _last_line(upgrade: Upgrade) -> str:
    line = LogEntry.objects.filter(appserver__in=upgrade.appservers).order_by("-id").first()
    return line.text.split("\n", 1)[0] if line else ""
