"""The duration of a rollout by a simulated clock.

The engine, its lower bound, and fixed polling.
"""

import heapq
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ocim.core.rollout import Record, Rules, Upgrade, decide
from ocim.core.states import RolloutState, UpgradeState

INSTANCES, SLOTS, POLL = 100, 6, 600.0
MINUTES = (15, 25, 60, 90)
SPREAD = 0.15
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def jobs(seed: int, minutes: Sequence[int] = MINUTES) -> list[float]:
    """Return the seconds of each upgrade, in the order in which they are started."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    return [
        chance.choice(minutes) * 60 * chance.uniform(1 - SPREAD, 1 + SPREAD)
        for _ in range(INSTANCES)
    ]


def lower_bound(seconds: Sequence[float]) -> float:
    """Return the seconds of list scheduling: a free slot takes the next upgrade at once."""
    free = [0.0] * SLOTS
    for duration in seconds:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def with_fixed_poll(seconds: Sequence[float]) -> float:
    """Return the seconds with polling, as in the original.

    Every ten minutes free slots are filled.
    """
    now, running, waiting = 0.0, list[float](), list(seconds)
    while running or waiting:
        running = [end for end in running if end > now]
        while waiting and len(running) < SLOTS:
            running.append(now + waiting.pop(0))
        if running or waiting:
            now += POLL
    return now


def of_engine(seconds: Sequence[float], *, refill: float) -> float:
    """Return the seconds that `decide` needs, if each start takes `refill` seconds."""
    upgrades = {pk: Upgrade(pk, UpgradeState.PENDING) for pk in range(len(seconds))}
    ends: list[tuple[float, int]] = []
    now, rules = 0.0, Rules(batch_size=SLOTS)
    while True:
        record = Record(RolloutState.RUNNING, rules, list(upgrades.values()))
        decision = decide(record, BEGIN + timedelta(seconds=now))
        for pk in decision.start:
            upgrades[pk] = replace(upgrades[pk], state=UpgradeState.RUNNING)
            heapq.heappush(ends, (now + refill + seconds[pk], pk))
        if decision.end:
            return now
        now, pk = heapq.heappop(ends)
        upgrades[pk] = replace(upgrades[pk], state=UpgradeState.SUCCEEDED)
