"""An estimate of how long a rollout still takes, from how long its upgrades took so far."""

from collections.abc import Sequence
from heapq import heapify, heapreplace
from statistics import median


def seconds_left(
    *, ended: Sequence[float], running: Sequence[float], waiting: int, slots: int
) -> float | None:
    """Return the seconds until all upgrades have ended. None while none has ended yet.

    `ended` has the seconds that ended upgrades took, `running` the seconds for which others have
    run so far. `waiting` is the number that waits for one of `slots`.
    """
    if not ended or slots < 1 or not (running or waiting):
        return None
    usual = median(ended)
    free = [max(0.0, usual - seconds) for seconds in running]
    free += [0.0] * (slots - len(free))
    heapify(free)
    for _ in range(waiting):
        heapreplace(free, free[0] + usual)
    return max(free)
