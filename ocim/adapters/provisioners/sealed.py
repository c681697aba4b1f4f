"""Seals of directories that a build has written: checked and recorded now, compared later.

Nothing in the directory is trusted. The record is kept where no build can write.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ocim.core.errors import PermanentError

WRITABLE = 0o222
PRIVILEGED = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX
SHOWN = 3


@dataclass(frozen=True)
class Seal:
    """The record of a sealed directory."""

    content: str
    """Digest of names, modes, links and file contents."""
    state: str
    """Digest of the kernel's metadata; if it is unchanged, nothing was written since."""

    @classmethod
    def read(cls, text: str) -> "Seal":
        """Return the seal from its text."""
        return cls(**json.loads(text))

    @property
    def text(self) -> str:
        """The seal as JSON."""
        return json.dumps(asdict(self))


def seal(
    directory: Path, *, outside: Path | None = None, subject: str, read_only: bool = True
) -> Seal:
    """Check the directory, make it read-only, and return its seal.

    Raise PermanentError if it contains what no installed package needs: links that lead neither
    into it nor into `outside`, devices, pipes, sockets, and files that run as another user.
    """
    faults = []
    for path, status in _entries(directory):
        if fault := _fault(path, status, directory, outside):
            faults.append(f"{path.relative_to(directory)} {fault}")
    if faults:
        shown = "; ".join(sorted(faults)[:SHOWN])
        raise PermanentError(
            f"{subject} is refused: {shown}.",
            remedy="Find out which required package makes that, and remove the requirement.",
        )
    for path, status in _entries(directory):
        if read_only and not stat.S_ISLNK(status.st_mode):
            path.chmod(stat.S_IMODE(status.st_mode) & ~WRITABLE)
    return Seal(_content(directory), _state(directory))


def is_intact(directory: Path, sealed: Seal) -> bool:
    """Return True if the directory has not changed since it was sealed.

    This is quick if nothing was touched.
    """
    return _state(directory) == sealed.state or _content(directory) == sealed.content


def _fault(path: Path, status: os.stat_result, directory: Path, outside: Path | None) -> str:
    mode = status.st_mode
    if stat.S_ISLNK(mode):
        target = path.resolve()
        allowed = [directory.resolve(), *([outside] if outside else [])]
        is_inside = any(target.is_relative_to(place) for place in allowed)
        return "" if is_inside else f"leads to {path.readlink()}"
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "is neither a file nor a directory"
    return "runs as its owner or group" if mode & PRIVILEGED else ""


def _entries(directory: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the directory and everything in it, in order; links are not followed."""
    yield directory, directory.lstat()
    for place, directories, names in os.walk(directory):
        directories.sort()
        for name in sorted([*directories, *names]):
            path = Path(place, name)
            yield path, path.lstat()


def _state(directory: Path) -> str:
    digest = hashlib.sha256()
    for path, status in _entries(directory):
        numbers = (
            status.st_mode,
            status.st_size,
            status.st_ino,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )
        digest.update(f"{path}\0{numbers}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _content(directory: Path) -> str:
    digest = hashlib.sha256()
    for path, status in _entries(directory):
        if stat.S_ISLNK(status.st_mode):
            held = str(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            with path.open("rb") as file:
                held = hashlib.file_digest(file, "sha256").hexdigest()
        else:
            held = ""
        name = path.relative_to(directory)
        entry = f"{name}\0{status.st_mode:o}\0{held}\n"
        digest.update(entry.encode(errors="surrogateescape"))
    return digest.hexdigest()
