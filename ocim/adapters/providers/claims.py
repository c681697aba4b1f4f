"""Claims of things that one host at a time may have: addresses, and machines of a pool.

A claim is a symbolic link from the thing to the host's name. It is made in one step, so that it
names its holder even if the process that made it dies at once. Any number of processes may claim at
once.
"""

import os
from pathlib import Path


def claim(claims: Path, thing: str, name: str) -> bool:
    """Claim the thing for `name`; return True if `name` holds it now."""
    claims.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        (claims / thing).symlink_to(name)
    except FileExistsError:
        return holder(claims, thing) == name
    return True


def holder(claims: Path, thing: str) -> str | None:
    """Return the name that holds the thing; None if it is free."""
    try:
        return os.readlink(claims / thing)  # noqa: PTH115 - a name, not a path
    except OSError:  # free, or released at this moment
        return None


def holders(claims: Path) -> set[str]:
    """Return all names that hold something."""
    return {name for link in claims.glob("*") if (name := holder(claims, link.name))}


def release(claims: Path, name: str) -> None:
    """Release everything that `name` has claimed."""
    for link in claims.glob("*"):
        if holder(claims, link.name) == name:
            link.unlink(missing_ok=True)
