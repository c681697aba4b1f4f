"""How long a rollout will take yet, going by what it took so far."""

from collections.abc import Sequence
from heapq import heapify, heapreplace
from statistics import median


def seconds_left(
    *, ended: Sequence[float], running: Sequence[float], waiting: int, slots: int
) -> float | None:
    """Where so many wait for as many slots; None where there is nothing to go by.

    `ended`: how long those took that have ended; `running`: for how long the others run already.
    """
    if not ended or slots < 1 or not (running or waiting):
        return None
    usual = median(ended)
    free = [max(0.0, usual - one) for one in running]
    free += [0.0] * (slots - len(free))
    heapify(free)
    for _ in range(waiting):
        heapreplace(free, free[0] + usual)
    return max(free)
