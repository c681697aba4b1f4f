"""The private directory of one run, and the processes that belong to it.

A run's directory is locked for as long as somebody watches the run; every process of the run
carries the directory's name in its environment. So what a crash left behind is known for sure,
whoever comes later to take it away.
"""

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "ocim-run-"
MARK = "OCIM_RUN_DIRECTORY"
"""The environment variable that every process of a run has."""
EVENTS = "OCIM_EVENTS"
"""The environment variable with the file descriptor that a run tells on."""
IN_MEMORY = Path("/dev/shm")  # noqa: S108


def runs_directory(fallback: Path) -> Path:
    """Where private directories go: in memory where the system lets us, else `fallback`."""
    if os.access(IN_MEMORY, os.W_OK | os.X_OK):
        return IN_MEMORY
    fallback.mkdir(mode=0o700, parents=True, exist_ok=True)
    return fallback


@contextmanager
def run_directory(runs: Path) -> Iterator[Path]:
    """A new directory, mode 0700; at the end it goes, and every process of the run with it."""
    path, lock = _locked_directory(runs)
    try:
        yield path
    finally:
        end_run(path)
        os.close(lock)


def end_run(path: Path) -> None:
    """Kill every process of the run, but this one, and remove its directory."""
    while pids := _processes(path):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)  # until the kernel has taken them away
    shutil.rmtree(path, ignore_errors=True)


def remove_abandoned(runs: Path) -> list[Path]:
    """End the runs that nobody watches any more, and say which they were."""
    abandoned = []
    for path in runs.glob(f"{PREFIX}*"):
        if path.is_symlink() or not path.is_dir() or path.stat().st_uid != os.getuid():
            continue
        lock = _open(path)
        if lock is None:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            end_run(path)
            abandoned.append(path)
        except BlockingIOError:
            pass  # somebody watches it
        finally:
            os.close(lock)
    return abandoned


def _locked_directory(runs: Path) -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=runs))
        lock = _open(path)
        if lock is None:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():  # else remove_abandoned came between making and locking it
            return path, lock
        os.close(lock)


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None


def _processes(path: Path) -> list[int]:
    mark = f"{MARK}={path}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue  # gone meanwhile, or somebody else's
    return [pid for pid in found if pid != os.getpid()]
