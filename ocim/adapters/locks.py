"""Locks between processes: files or directories, waited for as long as the job goes on."""

import fcntl
from contextlib import suppress

from ocim.core import stopping

FIRST, LONGEST = 0.005, 0.2
"""Seconds between two tries: it grows from one to the other."""


def acquire(descriptor: int, how: int = fcntl.LOCK_EX) -> None:
    """Lock the open file, and wait until that is possible; whoever ends a job ends the wait.

    With LOCK_NB in `how` it is not waited for, but BlockingIOError is raised.
    """
    if how & fcntl.LOCK_NB:
        fcntl.flock(descriptor, how)
        return
    pause = FIRST
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            return
        stopping.wait(pause)
        pause = min(2 * pause, LONGEST)
