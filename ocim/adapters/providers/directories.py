"""Directories that each stand for a host on this machine, and are locked while it is changed."""

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ocim.adapters import locks
from ocim.core.errors import PermanentError, ValidationError
from ocim.core.hosts import Leftover

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_name(name: str) -> None:
    """Raise ValidationError unless the name can be that of a host and of its directory."""
    if not NAME.fullmatch(name):
        raise ValidationError(
            [f"{name!r} cannot be a host's name."],
            remedy="Use up to 100 letters, digits, dots, dashes and underscores.",
        )


@contextlib.contextmanager
def locked(root: Path, *, make: bool = False) -> Iterator[bool]:
    """Keep other processes from changing the host; yield True if its directory exists.

    The lock is on the directory itself, and is released when it is removed. `make` creates the
    directory. Raise PermanentError for errors of the file system.
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
            remedy="Check who owns the directory, and whether the disk is full.",
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
    """Return True if the path is still the opened directory.

    It may have been destroyed meanwhile.
    """
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def empty(root: Path) -> None:
    """Remove everything in the directory."""
    for path in root.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def remove(root: Path) -> None:
    """Remove the directory, whatever modes the host's programs gave to its files."""
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


def leftovers(exists: Callable[[str], bool], held: Mapping[str, set[str]]) -> list[Leftover]:
    """Return what hosts that do not exist still have, from the names that hold each resource.

    A host must exist before it has resources, and until it has none.
    """
    return [
        Leftover(resource, name)
        for resource, names in held.items()
        for name in sorted(names)
        if not exists(name)
    ]
