"""Images of local hosts: what is below `/edx`, shared with the hosts file by file.

Files are hard links, as uv makes them of its cache: no copy is read or written, and what one host
removes or replaces stays as it was on all others. They are read-only against writing in place.
Directories are each host's own.
"""

import os
import shutil
from pathlib import Path

from ocim.adapters.providers.local.furnishing import OWN
from ocim.core.errors import OutsideRefusal

TOP = "edx"
ORIGIN = "origin"
"""Holds the root of the host that the image was made of: links may lead there."""
SHOWN = 3


def capture(root: Path, image: Path) -> None:
    """Move what was set up on the host into the image.

    OutsideRefusal where a file has the host's own path in it, and so is of no use elsewhere.
    """
    for directory in OWN:
        shutil.rmtree(root / directory)
    (root / TOP).rename(image / TOP)
    (image / ORIGIN).write_text(str(root))
    own = []
    for place, _, names in os.walk(image / TOP):
        for path in (Path(place, name) for name in names):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)
                # Compiled code has it for messages only, where Python puts the real one.
                if path.suffix != ".pyc" and str(root).encode() in path.read_bytes():
                    own.append(path)
    if own:
        shown = ", ".join(str(path.relative_to(image)) for path in own[:SHOWN])
        raise OutsideRefusal(
            f"{len(own)} files of the image have the path of their host in them: {shown}, ….",
            remedy="Make virtual environments relocatable; settings belong to the instance part.",
        )


def install(image: Path, root: Path) -> None:
    """Put what the image has on a host that is not furnished yet."""
    origin = (image / ORIGIN).read_text()
    for place, directories, names in os.walk(image / TOP):
        target = root / Path(place).relative_to(image)
        target.mkdir(parents=True, exist_ok=True)
        for name in (*names, *(one for one in directories if Path(place, one).is_symlink())):
            source = os.path.join(place, name)  # noqa: PTH118 - ten thousands of them
            if os.path.islink(source):  # noqa: PTH114
                (target / name).symlink_to(_moved(os.readlink(source), origin, root))  # noqa: PTH115
            else:
                os.link(source, target / name)


def _moved(link: str, origin: str, root: Path) -> str:
    return f"{root}{link.removeprefix(origin)}" if link.startswith(f"{origin}/") else link
