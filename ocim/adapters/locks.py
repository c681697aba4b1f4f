"""Locks between processes, on files or directories. The end of a job ends its wait for a lock."""

import fcntl
from contextlib import suppress

from ocim.core import stopping

FIRST, LONGEST = 0.005, 0.2
"""Seconds between two attempts: the pause grows from the first value to the second."""


def acquire(descriptor: int, operation: int = fcntl.LOCK_EX) -> None:
    """Lock the open file, waiting until that is possible.

    Raise what `stopping.check` raises if the job is to end meanwhile. If `operation` contains
    LOCK_NB, do not wait but raise BlockingIOError.
    """
    if operation & fcntl.LOCK_NB:
        fcntl.flock(descriptor, operation)
        return
    pause = FIRST
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
            return
        stopping.wait(pause)
        pause = min(2 * pause, LONGEST)
