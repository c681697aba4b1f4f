"""The processes of a host on this machine, found by a variable in their environment.

The variable is more reliable than process ids in files, which miss orphans of a supervisord that
was killed. Signals go through pidfds, so that they never reach another process with a reused id.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ocim.core import stopping
from ocim.core.errors import TransientError

MARK = "OCIM_HOST_ROOT"
PROC = Path("/proc")


def of_host(root: Path, mark: str = MARK) -> set[int]:
    """Return the ids of the processes with the host's mark, and of their descendants."""
    variable = f"{mark}={root}".encode()
    marked, parents = set(), {}
    for pid in (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()):
        with contextlib.suppress(OSError):  # it has just ended, or belongs to another user
            parents[pid] = int((PROC / f"{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
            if variable in (PROC / f"{pid}/environ").read_bytes().split(b"\0"):
                marked.add(pid)
    return {pid for pid in parents if _descends(pid, marked, parents)} - {os.getpid()}


def hosts_below(directory: Path) -> set[str]:
    """Return the names of the hosts in the directory that have processes."""
    mark = f"{MARK}={directory}/".encode()
    names = set()
    for environ in PROC.glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has just ended, or belongs to another user
            variables = environ.read_bytes().split(b"\0")
            roots = [entry.removeprefix(mark) for entry in variables if entry.startswith(mark)]
            names |= {os.fsdecode(root).partition("/")[0] for root in roots}
    return names


def end(root: Path, supervisor: int | None, *, grace: float, mark: str = MARK) -> None:
    """End the supervisor and its programs, then the host's other processes; kill what remains.

    The supervisor has `grace` seconds. Raise TransientError if a process cannot be killed.
    """
    if supervisor is not None:
        send(root, signal.SIGTERM, only=supervisor, wait=grace, mark=mark)
    send(root, signal.SIGTERM, wait=2.0, mark=mark)
    kill(root, mark)


def kill(root: Path, mark: str = MARK) -> None:
    """Kill all processes of the host; raise TransientError if one cannot be killed."""
    deadline = time.monotonic() + 20.0
    while left := of_host(root, mark):
        if time.monotonic() > deadline:
            raise TransientError(
                f"Processes {sorted(left)} of {root.name} do not end.",
                remedy="Inspect them with ps; they may be waiting for a disk.",
            )
        send(root, signal.SIGKILL, wait=1.0, mark=mark)


def send(
    root: Path, number: int, *, only: int | None = None, wait: float, mark: str = MARK
) -> None:
    """Send a signal to the host's processes, or `only` to one of them, and wait until they end.

    Return after `wait` seconds in any case.
    """
    with _opened(of_host(root, mark)) as pidfds:
        # Look again after opening the pidfds: now each one certainly stands for a host's process.
        confirmed = of_host(root, mark) & ({only} if only else set(pidfds))
        targets = [pidfd for pid, pidfd in pidfds.items() if pid in confirmed]
        for pidfd in targets:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, number)
        _wait(targets, wait)


@contextlib.contextmanager
def _opened(pids: set[int]) -> Iterator[Mapping[int, int]]:
    pidfds = {}
    try:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                pidfds[pid] = os.pidfd_open(pid)
        yield pidfds
    finally:
        for pidfd in pidfds.values():
            os.close(pidfd)


def _wait(pidfds: list[int], timeout: float) -> None:
    poll = select.poll()
    for pidfd in pidfds:
        poll.register(pidfd, select.POLLIN)
    left, deadline = set(pidfds), time.monotonic() + timeout
    while left and (rest := deadline - time.monotonic()) > 0:
        stopping.check()
        for pidfd, _ in poll.poll(min(rest, stopping.STEP) * 1000):
            poll.unregister(pidfd)
            left.remove(pidfd)


def _descends(pid: int, marked: set[int], parents: Mapping[int, int]) -> bool:
    while pid in parents:
        if pid in marked:
            return True
        pid = parents[pid]
    return False
