"""The private directory of a run, and the processes that belong to the run.

The directory is locked while somebody watches the run, and every process of the run has the
directory's name in its environment. So the remains of a crash can be recognized and removed later.
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
"""Environment variable of every process of a run."""
EVENTS = "OCIM_EVENTS"
"""Environment variable with the file descriptor of the socket that a run writes to."""
IN_MEMORY = Path("/dev/shm")  # noqa: S108


def runs_directory(fallback: Path) -> Path:
    """Return the directory for private directories: in memory if possible, else `fallback`."""
    if os.access(IN_MEMORY, os.W_OK | os.X_OK):
        return IN_MEMORY
    fallback.mkdir(mode=0o700, parents=True, exist_ok=True)
    return fallback


@contextmanager
def run_directory(runs: Path) -> Iterator[Path]:
    """Yield a new directory with mode 0700; after the block, end the run and remove it."""
    path, lock = _locked_directory(runs)
    try:
        yield path
    finally:
        end_run(path)
        os.close(lock)


def end_run(path: Path) -> None:
    """Kill every process of the run except this one, and remove its directory."""
    while pids := _processes(path):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)  # the kernel is still removing them
    shutil.rmtree(path, ignore_errors=True)


def remove_abandoned(runs: Path) -> list[Path]:
    """End the runs that nobody watches any more, and return their directories."""
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
            pass  # another process watches it
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
        if path.exists():  # remove_abandoned may have removed it before it was locked
            return path, lock
        os.close(lock)


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None


def _processes(path: Path) -> list[int]:
    mark = f"{MARK}={path}".encode()
    pids = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                pids.append(int(entry.name))
        except OSError:
            continue  # it has ended, or belongs to another user
    return [pid for pid in pids if pid != os.getpid()]
