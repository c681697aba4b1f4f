"""The watching of a rollout: lines that a log keeps, and a live table above them on a terminal."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import close_old_connections

from ocim.console.output import Output
from ocim.core.states import RolloutState, UpgradeState
from ocim.core.texts import plural
from ocim.operations.leases import NO_DATABASE
from ocim.operations.rollouts.record import SqlFailures
from ocim.operations.rollouts.report import sql_failures
from ocim.store.models import Rollout, Upgrade

PAUSE = 0.5
"""Seconds between two reads of the database."""
PATIENCE = 60.0
"""Seconds in which a database that is away may come back."""
SHOWN = (UpgradeState.PENDING, UpgradeState.RUNNING, UpgradeState.FAILED, UpgradeState.SUCCEEDED)
"""States that the status block always shows."""
RARE = (UpgradeState.CANCELLED, UpgradeState.UNDONE)
"""States that it shows only if there are any."""
NOT_WELL = 3
"""Exit status if an instance failed, or the rollout is paused."""
INTERRUPTED = 130
"""Exit status after an interrupt."""
MOST_SQL = 5
"""Maximum number of instances with failed SQL that are named."""
BAD = (UpgradeState.FAILED, UpgradeState.CANCELLED)
AT_REST = (RolloutState.ENDED, RolloutState.PAUSED)

Progress = dict[int, tuple[str, int]]
"""State and number of attempts, by the id of the upgrade."""


def watch(rollout: Rollout, out: Output, *, frequency: float = 600.0, is_new: bool = False) -> bool:
    """Show what happens until the rollout ends or pauses. Return True if it ended well.

    The status block comes first, last, and every `frequency` seconds; of a new rollout,
    `show_first_status` has shown the first one.
    """
    before: Progress = {}
    known = RolloutState.RUNNING
    next_status = time.monotonic() + frequency if is_new else 0.0
    with _shown(out) as show:
        while True:
            now = _patient_progress(rollout)
            _show_news(before, now, out)
            states = Counter(state for state, _ in now.values())
            if rollout.state != known and states[UpgradeState.RUNNING]:
                _show_turn(rollout, known, states[UpgradeState.RUNNING], out)
            known = RolloutState(rollout.state)
            before = now
            show(rollout)
            if rollout.state in AT_REST and not states[UpgradeState.RUNNING]:
                break
            if time.monotonic() >= next_status:
                _status(rollout, states, out)
                next_status = time.monotonic() + frequency
            time.sleep(PAUSE)
    _status(rollout, states, out)
    if rollout.state == RolloutState.PAUSED:
        out.say(f"Paused: {rollout.reason}", style="yellow")
        out.say(f"Go on with: ocim rollout resume {rollout.pk}")
    return rollout.state == RolloutState.ENDED and not any(states[bad] for bad in BAD)


@contextmanager
def _shown(out: Output) -> Iterator[Callable[[Rollout], None]]:
    """Yield what brings the live table up to date; it does nothing if nobody looks at it."""
    if out.as_json or not out.is_terminal:
        yield lambda _rollout: None
        return
    from ocim.console.rollouts.watch_table import live_table

    with live_table(out.console) as show:
        yield show


def watch_to_end(
    rollout: Rollout, out: Output, *, frequency: float = 600.0, is_new: bool = False
) -> None:
    """Watch the rollout, see watch. Raise SystemExit with the exit status unless all went well."""
    try:
        is_well = watch(rollout, out, frequency=frequency, is_new=is_new)
    except KeyboardInterrupt:
        out.say(f"The rollout goes on. Watch it again with: ocim rollout watch {rollout.pk}")
        raise SystemExit(INTERRUPTED) from None
    if not is_well:
        raise SystemExit(NOT_WELL)


def show_first_status(rollout: Rollout, out: Output) -> None:
    """Show the status block of a new rollout, before workers hear of it."""
    _status(rollout, Counter(state for state, _ in _progress(rollout).values()), out)


def show_status(states: Iterable[str], out: Output) -> None:
    """Show the status block, to the letter as operators and their scripts know it."""
    counts = Counter(states)
    out.say("******* Status *******")
    for state in (*SHOWN, *(state for state in RARE if counts[state])):
        out.say(f"  Instances {state.value}: {counts[state]}")


def show_sql_failures(failures: Sequence[SqlFailures], rollout: int, out: Output) -> None:
    """Show on which instances SQL failed: unless the rollout is strict, no upgrade fails for it."""
    for failure in failures[:MOST_SQL]:
        out.say(f"  SQL: {failure}; see `ocim rollout report {rollout}`", style="yellow")
    if (more := len(failures) - MOST_SQL) > 0:
        out.say(f"  SQL: statements failed on {plural(more, 'more instance')}", style="yellow")


def _status(rollout: Rollout, states: "Counter[str]", out: Output) -> None:
    show_status(states.elements(), out)
    if rollout.sql:
        show_sql_failures(sql_failures(rollout), rollout.pk, out)


def _patient_progress(rollout: Rollout) -> Progress:
    """Return the progress; wait while the database is away, because the rollout waits, too."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _progress(rollout)
        except NO_DATABASE:
            if time.monotonic() > deadline:
                raise
            close_old_connections()
            time.sleep(PAUSE)


def _progress(rollout: Rollout) -> Progress:
    rollout.refresh_from_db()
    rows = rollout.upgrades.order_by("wave", "id").values_list("pk", "state", "attempts")
    return {pk: (state, attempts) for pk, state, attempts in rows}


def _show_turn(rollout: Rollout, before: RolloutState, running: int, out: Output) -> None:
    """Show that the rollout was paused, resumed or aborted while upgrades are under way."""
    if rollout.state == RolloutState.RUNNING:
        out.say(f"The rollout is no longer {before}.", style="green")
    elif rollout.state == RolloutState.PAUSED:
        goes_on = f"Upgrades under way ({running}) go on to their end."
        out.say(f"Paused: {rollout.reason} {goes_on}", style="yellow")
    elif rollout.state == RolloutState.ABORTED:
        left = f"{plural(running, 'upgrade')} not ended yet."
        out.say(f"Aborted: {rollout.reason} {left}", style="yellow")


def _show_news(before: Progress, now: Progress, out: Output) -> None:
    """Show what changed of each upgrade, attempts that began and ended in between included."""
    untouched = (UpgradeState.PENDING.value, 0)
    news = {pk: old for pk, new in now.items() if (old := before.get(pk, untouched)) != new}
    if not news:
        return
    upgrades = Upgrade.objects.only("label", "failure").in_bulk(list(news))
    for pk, old in news.items():
        _show_change(upgrades[pk], old, now[pk], out)


def _show_change(
    upgrade: Upgrade, before: tuple[str, int], now: tuple[str, int], out: Output
) -> None:
    state, attempts = now
    if attempts and before != (UpgradeState.RUNNING, attempts):
        again = f" (attempt {attempts})" if attempts > 1 else ""
        out.say(f"SPAWNING: {upgrade.label}{again}")
    if state == UpgradeState.SUCCEEDED:
        out.say(f"SUCCESS: {upgrade.label}", style="green")
    elif state == UpgradeState.FAILED:
        out.say(f"FAILED: {upgrade.label}", style="red")
        out.say(f"  {_first_line(upgrade.failure)}", style="red")
    elif state == UpgradeState.PENDING and attempts:
        out.say(f"RETRYING: {upgrade.label}: {_first_line(upgrade.failure)}", style="yellow")


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]
