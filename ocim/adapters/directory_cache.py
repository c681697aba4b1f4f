"""A cache of directories that are expensive to make and never change afterwards."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ocim.adapters import locks

DAY = 86400.0


class DirectoryCache:
    """A cache of directories below `directory`; each one's name says what it was made from.

    Any number of processes may use the cache at once. One of them makes a directory while the
    others wait; nobody sees it before it is complete, and it is not pruned while it is in use. The
    maker's record is kept beside the directory, where programs that may write to the directory
    cannot write.
    """

    def __init__(self, directory: Path, *, keep_days: float = 30.0) -> None:
        self._directory = directory
        self._keep_days = keep_days

    @contextmanager
    def item(self, name: str, make: Callable[[Path], str | None]) -> Iterator[Path]:
        """Yield the directory and keep it for the block; call `make(path)` if it is missing."""
        path, complete = self._directory / name, self._complete(name)
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            with self._locked(name, fcntl.LOCK_SH):
                if complete.exists():
                    os.utime(complete)
                    yield path
                    return
            with self._locked(name, fcntl.LOCK_EX):
                if not complete.exists():
                    self._fill(path, make)
                    self.prune()

    def record(self, name: str) -> str:
        """Return the text that the maker of a complete directory returned."""
        return self._complete(name).read_text()

    def holds(self, name: str) -> bool:
        """Return True if the directory exists and is complete."""
        return self._complete(name).exists()

    def prune(self) -> list[str]:
        """Remove directories that are incomplete or unused for too long; return their names.

        `item` calls it after it has made a directory.
        """
        removed = []
        for path in filter(Path.is_dir, list(self._directory.iterdir())):
            # A directory that is in use, or just being made, is locked.
            with suppress(BlockingIOError), self._locked(path.name, fcntl.LOCK_EX | fcntl.LOCK_NB):
                if not self._is_fresh(path.name):
                    self._complete(path.name).unlink(missing_ok=True)
                    remove(path)
                    removed.append(path.name)
        return removed

    def _is_fresh(self, name: str) -> bool:
        try:
            last_used = self._complete(name).stat().st_mtime
        except FileNotFoundError:
            return False
        return time.time() - last_used < self._keep_days * DAY

    def _complete(self, name: str) -> Path:
        return self._directory / f"{name}.complete"

    def _fill(self, path: Path, make: Callable[[Path], str | None]) -> None:
        remove(path)  # an earlier attempt may have crashed
        try:
            record = make(path) or ""
        except BaseException:
            remove(path)
            raise
        unfinished = self._directory / f"{path.name}.record"
        unfinished.write_text(record)
        unfinished.replace(self._complete(path.name))

    @contextmanager
    def _locked(self, name: str, operation: int) -> Iterator[None]:
        # The lock file is never removed: another process may be waiting for its lock.
        with (self._directory / f"{name}.lock").open("w") as file:
            locks.acquire(file.fileno(), operation)
            yield


def remove(path: Path) -> None:
    """Remove a directory and everything in it, even where modes forbid that.

    Ignore other errors.
    """
    with suppress(OSError):
        if not path.is_symlink():
            path.chmod(0o700)
    for place, directories, _ in os.walk(path):
        for name in directories:
            directory = Path(place, name)
            if not directory.is_symlink():
                directory.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)
