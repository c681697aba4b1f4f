"""Safe access to the files of an untrusted directory, such as the checkout of a repository.

Every file of a repository is read through a Tree. A checkout may contain anything: links to the
manager's own files or to endless devices, named pipes, loops, a hundred thousand files. A Tree
reads only regular files inside its directory, stops at its limits, and never blocks.
"""

import os
import stat
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path, PurePosixPath

from ocim.core.errors import ValidationError

MIB = 1024 * 1024
_MOST_LINKS = 20
"""Maximum number of symbolic links in the resolution of a name."""
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a tree. The real configuration repositories need a tenth of them."""

    entries: int = 50_000
    """Maximum number of files and directories."""
    depth: int = 30
    """Maximum number of nested directories."""
    file_bytes: int = 10 * MIB
    """Maximum size of a file."""
    total_bytes: int = 200 * MIB
    """Maximum size of all files together that are read."""


DEFAULT = Limits()


class _Refusal(Exception):
    """Refusal to read an entry; its text says what the entry is instead of a file."""


@dataclass
class Tree:
    """Regular files below `root`, by their names relative to it.

    Symbolic links are followed if they stay inside, as those of upstream's repositories do; but
    recursive listings do not follow links to directories, so that they end.
    """

    root: Path
    limits: Limits = DEFAULT
    label: str = "the repository"
    """Name of the tree in error messages."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Entries that listings omit, with the reasons."""
    _place: Path = field(init=False)
    _listings: dict[str, list[str]] = field(default_factory=dict)
    _entries: int = 0
    _read: int = 0

    def __post_init__(self) -> None:
        self._place = self.root.resolve()

    def name_of(self, path: Path) -> str:
        """Return the name of a path below `root`."""
        name = path.relative_to(self.root).as_posix()
        return "" if name == "." else name

    def has(self, name: str) -> bool:
        """Return True if `name` is a regular file inside."""
        return self._kind(name) == stat.S_IFREG

    def has_directory(self, name: str) -> bool:
        """Return True if `name` is a directory inside."""
        return self._kind(name) == stat.S_IFDIR

    def path(self, name: str) -> Path:
        """Return the path of a file or directory, with links resolved.

        Raise ValidationError if there is none.
        """
        try:
            return self._find(name)[0]
        except _Refusal as refusal:
            raise self._refused(name, refusal) from None

    def read(self, name: str, *, most: int | None = None) -> bytes:
        """Return a file's content, of at most `most` bytes.

        Raise ValidationError if it cannot be read.
        """
        try:
            return self._content(name, min(most or self.limits.file_bytes, self.limits.file_bytes))
        except _Refusal as refusal:
            raise self._refused(name, refusal) from None

    def text(self, name: str, *, most: int | None = None) -> str:
        """Return a file's content as text; replace bytes that are not UTF-8."""
        return self.read(name, most=most).decode(errors="replace")

    def files(self, below: str = "", *, deep: bool = False) -> list[str]:
        """Return the sorted names of the regular files in a directory; `deep`: and below it.

        Return nothing if there is no such directory. Raise ValidationError at a limit.
        """
        names, todo = [], [below]
        while todo:
            for name in self._list(todo.pop()):
                kind = self._kind(name, note=True)
                if kind == stat.S_IFREG:
                    names.append(name)
                elif deep and kind == stat.S_IFDIR and not self._is_link(name):
                    todo.append(name)
        return sorted(names)

    def directories(self, below: str) -> list[str]:
        """Return the sorted names of the directories in a directory."""
        return [name for name in self._list(below) if self._kind(name) == stat.S_IFDIR]

    def is_larger(self, name: str, size: int) -> bool:
        """Return True if the file has more than `size` bytes."""
        return self.path(name).stat().st_size > size

    def is_executable(self, name: str) -> bool:
        """Return True if its owner may execute the file."""
        return bool(self._find(name)[1] & stat.S_IXUSR)

    def _list(self, directory: str) -> list[str]:
        if directory not in self._listings:
            self._listings[directory] = self._scan(directory)
        return self._listings[directory]

    def _scan(self, directory: str) -> list[str]:
        if self._kind(directory) != stat.S_IFDIR:
            return []
        if directory.count("/") >= self.limits.depth:
            raise self._too_much(f"directories over {self.limits.depth} levels deep")
        names = []
        with os.scandir(self._find(directory)[0]) as entries:
            for entry in entries:
                self._entries += 1
                if self._entries > self.limits.entries:
                    raise self._too_much(f"more than {self.limits.entries} files")
                name = f"{directory}/{entry.name}" if directory else entry.name
                if entry.name.isprintable():
                    names.append(name)
                else:
                    self.skipped[shown(name)] = "a name with characters that do not print"
        return sorted(names)

    def _kind(self, name: str, *, note: bool = False) -> int:
        """Return the file type that `name` leads to inside, 0 where to none that may be read."""
        try:
            kind = stat.S_IFMT(self._find(name)[1])
        except _Refusal as refusal:
            if note:
                self.skipped[shown(name)] = str(refusal)
            return 0
        if note and kind not in (stat.S_IFREG, stat.S_IFDIR):
            self.skipped[shown(name)] = _KINDS.get(kind, "not a regular file")
        return kind

    def _is_link(self, name: str) -> bool:
        return (self._place / name).is_symlink()

    def _find(self, name: str) -> tuple[Path, int]:
        """Resolve the links of `name`, which must stay inside; return the path and its mode."""
        place, mode, links = self._place, stat.S_IFDIR, 0
        todo = list(reversed(PurePosixPath(name).parts))
        while todo:
            part = todo.pop()
            if part == ".." and place != self._place:
                place, mode = place.parent, stat.S_IFDIR
                continue
            if part in ("..", "/", "//"):
                raise _Refusal("a path that leads out of the directory")
            try:
                mode = os.lstat(place / part).st_mode
                if not stat.S_ISLNK(mode):
                    place /= part
                    continue
                target = os.readlink(place / part)  # noqa: PTH115
            except (OSError, ValueError):
                raise _Refusal("not there") from None
            mode = stat.S_IFDIR  # that of the link itself, for a link to `.`
            links += 1
            if links > _MOST_LINKS:
                raise _Refusal("a link in a loop")
            todo += reversed(PurePosixPath(target).parts)
        return place, mode

    def _content(self, name: str, most: int) -> bytes:
        place, mode = self._find(name)
        if not stat.S_ISREG(mode):
            raise _Refusal(_KINDS.get(stat.S_IFMT(mode), "not a regular file"))
        try:
            file = os.open(place, _OPEN)
        except OSError as error:
            raise _Refusal(f"a file that cannot be opened ({error.strerror})") from None
        with FileIO(file) as opened:
            # Another file or directory may have replaced it since the check.
            real = os.readlink(f"/proc/self/fd/{file}")  # noqa: PTH115
            if not stat.S_ISREG(os.fstat(file).st_mode) or real != str(place):
                raise _Refusal("a file that was replaced while it was read")
            content = _limited(opened, most)
        self._read += len(content)
        if self._read > self.limits.total_bytes:
            raise self._too_much(f"more than {_size(self.limits.total_bytes)} to read")
        return content

    def _refused(self, name: str, refusal: _Refusal) -> ValidationError:
        return ValidationError([f"{shown(name)} of {self.label} is {refusal}."])

    def _too_much(self, what: str) -> ValidationError:
        return ValidationError(
            [f"{self.label[0].upper()}{self.label[1:]} has {what}: Ocim stopped reading."],
            remedy="Remove what does not belong to the configuration.",
        )


def shown(name: str) -> str:
    """Return a file's name in a form that is safe for terminals."""
    return name if name.isprintable() else ascii(name)


def _limited(file: FileIO, most: int) -> bytes:
    """Read a file to its end, which may move while reading."""
    content = bytearray()
    while piece := file.read(min(MIB, most + 1 - len(content))):
        content += piece
        if len(content) > most:
            raise _Refusal(f"larger than {_size(most)}")
    return bytes(content)


def _size(number: int) -> str:
    return f"{number // MIB} MiB" if number >= MIB else f"{number} bytes"
