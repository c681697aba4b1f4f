"""Images of local hosts: what is below `/edx`, shared with the hosts file by file.

Files are hard links, as uv makes them of its cache: no copy is read or written, and what one host
removes or replaces stays as it was on all others. They are read-only against writing in place.
Directories are each host's own.
"""

import json
import os
import shutil
from pathlib import Path

from ocim.adapters.providers.local.furnishing import OWN
from ocim.adapters.providers.tools import run
from ocim.core.errors import OutsideRefusal

TOP = "edx"
ORIGIN = "origin"
"""Holds the root of the host that the image was made of: links may lead there."""
LINKS = "links.json"
"""Names those links."""
SHOWN = 3
COPY_SECONDS = 300.0


def capture(root: Path, image: Path) -> None:
    """Move what was set up on the host into the image.

    OutsideRefusal where a file has the host's own path in it, and so is of no use elsewhere.
    """
    _require_no_links(root)
    for directory in OWN:
        shutil.rmtree(root / directory)
    (root / TOP).rename(image / TOP)
    (image / ORIGIN).write_text(str(root))
    own, links = [], []
    for place, directories, names in os.walk(image / TOP):
        for path in (Path(place, name) for name in (*names, *directories)):
            if path.is_symlink():
                if path.readlink().is_relative_to(root):
                    links.append(str(path.relative_to(image)))
            elif path.is_file():
                path.chmod(path.stat().st_mode & ~0o222)
                # Compiled code has it for messages only, where Python puts the real one.
                if path.suffix != ".pyc" and str(root).encode() in path.read_bytes():
                    own.append(path)
    (image / LINKS).write_text(json.dumps(links))
    if own:
        shown = ", ".join(str(path.relative_to(image)) for path in own[:SHOWN])
        raise OutsideRefusal(
            f"{len(own)} files of the image have the path of their host in them: {shown}, ….",
            remedy="Make virtual environments relocatable; settings belong to the instance part.",
        )


def _require_no_links(root: Path) -> None:
    """Refuse a host whose programs have put links where the manager is to write."""
    for directory in (TOP, *OWN):
        if (root / directory).resolve() != root.resolve() / directory:
            raise OutsideRefusal(
                f"{root}/{directory} is a link, or below one.",
                remedy="Nothing of this host can be trusted; look at what its playbook does.",
            )


def install(image: Path, root: Path) -> None:
    """Put what the image has on a host that is not furnished yet."""
    run(["cp", "--archive", "--link", image / TOP, root], timeout=COPY_SECONDS)
    origin = (image / ORIGIN).read_text()
    for name in json.loads((image / LINKS).read_text()):
        link = root / name
        target = str(link.readlink()).removeprefix(origin)
        link.unlink()  # it is the image's, too
        link.symlink_to(f"{root}{target}")
