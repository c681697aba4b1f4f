"""A cache of directories that are expensive to make, and never change once they are made."""

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
    """Keeps each directory below `directory` under a name that says what it was made from.

    Any number of processes may use the same shelf at once: a directory is made by one of them
    while the others wait, is never seen half made, and is not pruned while it is in use. What its
    maker says of it is kept beside it, where nothing can write that may write into it.
    """

    def __init__(self, directory: Path, *, keep_days: float = 30.0) -> None:
        self._directory = directory
        self._keep_days = keep_days

    @contextmanager
    def item(self, name: str, make: Callable[[Path], str | None]) -> Iterator[Path]:
        """Yield the directory, made by `make(path)` where it is missing; kept within the block."""
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
        """Return what the maker of a complete directory said of it."""
        return self._complete(name).read_text()

    def holds(self, name: str) -> bool:
        """Whether it is there, made to its end."""
        return self._complete(name).exists()

    def prune(self) -> list[str]:
        """Remove what is long unused, or only half made; also done when something new is made."""
        removed = []
        for path in filter(Path.is_dir, list(self._directory.iterdir())):
            # Its maker or a user holds the lock: then it stays.
            with suppress(BlockingIOError), self._locked(path.name, fcntl.LOCK_EX | fcntl.LOCK_NB):
                if not self._is_wanted(path.name):
                    self._complete(path.name).unlink(missing_ok=True)
                    remove(path)
                    removed.append(path.name)
        return removed

    def _is_wanted(self, name: str) -> bool:
        try:
            last_used = self._complete(name).stat().st_mtime
        except FileNotFoundError:
            return False
        return time.time() - last_used < self._keep_days * DAY

    def _complete(self, name: str) -> Path:
        return self._directory / f"{name}.complete"

    def _fill(self, path: Path, make: Callable[[Path], str | None]) -> None:
        remove(path)  # what a crash left
        try:
            record = make(path) or ""
        except BaseException:
            remove(path)
            raise
        unfinished = self._directory / f"{path.name}.record"
        unfinished.write_text(record)
        unfinished.replace(self._complete(path.name))

    @contextmanager
    def _locked(self, name: str, how: int) -> Iterator[None]:
        # The lock's file stays: whoever removed it would have to know that nobody waits for it.
        with (self._directory / f"{name}.lock").open("w") as file:
            locks.acquire(file.fileno(), how)
            yield


def remove(path: Path) -> None:
    """Remove a directory and all in it, also where what is in it forbids that."""
    with suppress(OSError):
        if not path.is_symlink():
            path.chmod(0o700)
    for place, directories, _ in os.walk(path):
        for name in directories:
            directory = Path(place, name)
            if not directory.is_symlink():
                directory.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)
