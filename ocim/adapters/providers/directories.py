"""Directories that each stand for a host on this machine: locked while it is changed."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ocim.adapters import locks
from ocim.core.errors import PermanentError
from ocim.core.hosts import Leftover


@contextlib.contextmanager
def locked(root: Path, *, make: bool = False) -> Iterator[bool]:
    """Keep other processes from changing the host; yield whether it has a directory.

    The lock is that directory, and goes with it. What the file system refuses is an PermanentError.
    """
    try:
        directory = _lock(root, make=make)
        try:
            yield directory is not None
        finally:
            if directory is not None:
                os.close(directory)
    except OSError as error:
        raise PermanentError(
            f"Host {root.name}: {error}.",
            remedy="See who owns the directory, and whether the disk is full.",
        ) from error


def _lock(root: Path, *, make: bool) -> int | None:
    while True:
        if make:
            root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            root.mkdir(mode=0o700, exist_ok=True)
        try:
            directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            if make:
                continue
            return None
        locks.acquire(directory)
        if _is_at(root, directory):
            return directory
        os.close(directory)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether it is what was opened, and not a successor of something destroyed meanwhile."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def empty(root: Path) -> None:
    """Remove all that is in it."""
    for path in root.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def remove(root: Path) -> None:
    """Remove the directory, whatever modes the programs of the host gave to what is in it."""
    if not root.exists():
        return
    try:
        shutil.rmtree(root)
    except PermissionError:
        for place, directories, _ in os.walk(root):
            for directory in (Path(place, name) for name in directories):
                if not directory.is_symlink():
                    directory.chmod(0o700)
        shutil.rmtree(root)


def leftovers(is_there: Callable[[str], bool], held: Mapping[str, set[str]]) -> list[Leftover]:
    """What hosts that are not there still have, of `what: names of those that have such a thing`.

    A host is there before it has anything, and until it has nothing.
    """
    return [
        Leftover(what, name)
        for what, names in held.items()
        for name in sorted(names)
        if not is_there(name)
    ]
