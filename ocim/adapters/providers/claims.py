"""Things that one host at a time may have: addresses, machines of a pool.

A claim is a symbolic link `<thing>` → `<host's name>`: made in one step or not at all, and it says
whose it is even if its maker died at once. Any number of processes may claim at once.
"""

import os
from pathlib import Path


def claim(claims: Path, thing: str, name: str) -> bool:
    """Whether the thing is now `name`'s, or was already."""
    claims.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        (claims / thing).symlink_to(name)
    except FileExistsError:
        return holder(claims, thing) == name
    return True


def holder(claims: Path, thing: str) -> str | None:
    """The name that holds the thing; None where it is free."""
    try:
        return os.readlink(claims / thing)  # noqa: PTH115 - it is a word, not a path
    except OSError:  # there is none, or it was given back just now
        return None


def holders(claims: Path) -> set[str]:
    """All names that hold something."""
    return {name for link in claims.glob("*") if (name := holder(claims, link.name))}


def release(claims: Path, name: str) -> None:
    """Give back what `name` has claimed."""
    for link in claims.glob("*"):
        if holder(claims, link.name) == name:
            link.unlink(missing_ok=True)
