"""Checks of a commit's files before they are written to the disk."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from ocim.core.errors import PermanentError
from ocim.parsing.tree import DEFAULT, MIB, Tree, shown

MOST_BYTES = 500 * MIB
LISTING_BYTES = 400 * DEFAULT.entries
"""Largest output of `git ls-tree` that is read, in bytes."""
_SUBMODULE = "160000"
_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = range(100, 300)
_OWN = {"", ".", "..", ".git"}
_NAMED = 5


def refuse_unfit(listing: str, where: str) -> list[str]:
    """Check the output of `git ls-tree -r -l -z`; return names of files that may be LFS pointers.

    Raise PermanentError if the commit is larger than a configuration can be, or is incomplete
    without what Ocim does not fetch.
    """
    entries = list(_entries(listing))
    paths = [PurePosixPath(name) for _, _, name in entries]
    size = sum(size for _, size, _ in entries)
    depth = max((len(path.parts) for path in paths), default=0)
    faults = [
        f"it has {number} {unit}, and {most} are allowed"
        for number, most, unit in (
            (len(entries), DEFAULT.entries, "files"),
            (size // MIB, MOST_BYTES // MIB, "MiB"),
            (depth, DEFAULT.depth, "directories within one another"),
        )
        if number > most
    ]
    if faults:
        raise PermanentError(
            f"{where} is not used: {'; '.join(faults)}.",
            remedy="Remove files that do not belong to the configuration.",
        )
    if wrong := [name for _, _, name in entries if _OWN & set(name.lower().split("/"))]:
        raise PermanentError(f"{where} is not used: no file may be called {_listed(wrong)}.")
    if submodules := [name for mode, _, name in entries if mode == _SUBMODULE]:
        raise PermanentError(
            f"{where} has git submodules, which Ocim does not fetch: {_listed(submodules)}.",
            remedy="Put their files into the repository itself, for example with `git subtree`.",
        )
    return [name for _, size, name in entries if size in _POINTER_BYTES]


def refuse_pointers(tree: Tree, names: list[str], where: str) -> None:
    """Raise PermanentError if files among `names` are only pointers to git LFS."""
    pointers = [name for name in names if tree.has(name) and tree.read(name).startswith(_POINTER)]
    if pointers:
        raise PermanentError(
            f"{where} has files in git LFS, which Ocim does not fetch: {_listed(pointers)}.",
            remedy="Put them into the repository itself (`git lfs migrate export`).",
        )


def _entries(listing: str) -> Iterator[tuple[str, int, str]]:
    """Yield mode, size and name of each file."""
    for line in filter(None, listing.split("\0")):
        facts, _, name = line.partition("\t")
        mode, _, _, size = facts.split()
        yield mode, int(size) if size.isdecimal() else 0, name


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(shown, names[:_NAMED])) + more
