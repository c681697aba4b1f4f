"""A rollout as those see it who wait for it: lines that a log keeps, and a live table above all."""

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
"""Seconds between two looks into the database."""
PATIENCE = 60.0
"""Seconds in which a database that is gone may come back."""
SHOWN = (UpgradeState.PENDING, UpgradeState.RUNNING, UpgradeState.FAILED, UpgradeState.SUCCEEDED)
NOT_WELL = 3
MOST_SQL = 5
"""Instances on which SQL failed that are named one by one."""
INTERRUPTED = 130
BAD = (UpgradeState.FAILED, UpgradeState.CANCELLED)
AT_REST = (RolloutState.ENDED, RolloutState.PAUSED)

Look = dict[int, tuple[str, int]]
"""By upgrade, its state and the number of its attempts."""


def watch(rollout: Rollout, out: Output, *, frequency: float = 600.0) -> bool:
    """Tell what happens until it is over or stands still; whether all went well.

    The status comes at the beginning, at the end, and every `frequency` seconds.
    """
    told: Look = {}
    known = RolloutState.RUNNING
    next_status = 0.0
    with _shown(out) as show:
        while True:
            now = _patient_look(rollout)
            _tell_news(told, now, out)
            states = Counter(state for state, _ in now.values())
            if rollout.state != known and states[UpgradeState.RUNNING]:
                _tell_turn(rollout, known, states[UpgradeState.RUNNING], out)
            known = RolloutState(rollout.state)
            told = now
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


def watch_to_end(rollout: Rollout, out: Output, *, frequency: float = 600.0) -> None:
    """As `watch`, but ends the command, unless all went well, with the status that says how."""
    try:
        well = watch(rollout, out, frequency=frequency)
    except KeyboardInterrupt:
        out.say(f"The rollout goes on. Look again with: ocim rollout watch {rollout.pk}")
        raise SystemExit(INTERRUPTED) from None
    if not well:
        raise SystemExit(NOT_WELL)


def _status(rollout: Rollout, states: "Counter[str]", out: Output) -> None:
    status(states.elements(), out)
    if rollout.sql:
        tell_sql_failures(sql_failures(rollout), rollout.pk, out)


def status(states: Iterable[str], out: Output) -> None:
    """The block that operators' eyes and scripts know."""
    counted = Counter(states)
    out.say("******* Status *******")
    for state in SHOWN:
        out.say(f"  Instances {state.value}: {counted[state]}")
    for state in (UpgradeState.CANCELLED, UpgradeState.UNDONE):
        if counted[state]:
            out.say(f"  Instances {state.value}: {counted[state]}")


def tell_sql_failures(failures: Sequence[SqlFailures], rollout: int, out: Output) -> None:
    """Say on which instances SQL failed: it makes no upgrade fail unless that is asked for."""
    for one in failures[:MOST_SQL]:
        out.say(f"  SQL: {one}; see `ocim rollout report {rollout}`", style="yellow")
    if (more := len(failures) - MOST_SQL) > 0:
        out.say(f"  SQL: statements failed on {plural(more, 'more instance')}", style="yellow")


def _patient_look(rollout: Rollout) -> Look:
    """Where the database is gone, the rollout goes on as soon as it is back, and so does this."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _look(rollout)
        except NO_DATABASE:
            if time.monotonic() > deadline:
                raise
            close_old_connections()
            time.sleep(PAUSE)


def _look(rollout: Rollout) -> Look:
    rollout.refresh_from_db()
    rows = rollout.upgrades.order_by("wave", "id").values_list("pk", "state", "attempts")
    return {pk: (state, attempts) for pk, state, attempts in rows}


def _tell_turn(rollout: Rollout, before: RolloutState, under_way: int, out: Output) -> None:
    """That somebody, or the rollout itself, has it start no more, or go on."""
    if rollout.state == RolloutState.RUNNING:
        out.say(f"It is {before} no more.", style="green")
    elif rollout.state in (RolloutState.PAUSED, RolloutState.ABORTED):
        goes_on = f"What is under way ({under_way}) goes on to its end."
        if rollout.state == RolloutState.ABORTED:
            goes_on = f"{plural(under_way, 'upgrade')} not over yet."
        out.say(f"{rollout.state.capitalize()}: {rollout.reason} {goes_on}", style="yellow")


def _tell_news(told: Look, now: Look, out: Output) -> None:
    """What is new of each; what came and went between two looks is told, too."""
    quiet = (UpgradeState.PENDING.value, 0)
    news = {pk: told.get(pk, quiet) for pk, seen in now.items() if told.get(pk, quiet) != seen}
    if not news:
        return
    there = Upgrade.objects.only("label", "failure").in_bulk(list(news))
    for pk, before in news.items():
        _tell(there[pk], before, now[pk], out)


def _tell(upgrade: Upgrade, before: tuple[str, int], now: tuple[str, int], out: Output) -> None:
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
