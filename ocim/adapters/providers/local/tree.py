"""Images of local hosts: what is below `/edx`.

Nearly all of it are virtual environments, which nothing changes any more: they stay in the image,
where hosts see them through links, read-only by their sandbox. Each host has a copy of the rest.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ocim.adapters.providers.local.furnishing import OWN
from ocim.adapters.providers.tools import run
from ocim.core import stopping
from ocim.core.errors import PermanentError

TOP = "edx"
ORIGIN = "origin"
"""Holds the root of the host that the image was made of: links may lead there."""
LINKS = "links.json"
"""Names those links."""
ENVIRONMENTS = "environments"
"""Holds the virtual environments that hosts share, by number."""
PLACES = "environments.json"
"""Names their places on a host, in the order of their numbers."""
SHOWN = 3
COPY_SECONDS = 300.0


def capture(root: Path, image: Path) -> None:
    """Move what was set up on the host into the image.

    PermanentError where a file has the host's own path in it, and so is of no use elsewhere.
    """
    _require_no_links(root)
    for directory in OWN:
        shutil.rmtree(root / directory)
    (root / TOP).rename(image / TOP)
    (image / ORIGIN).write_text(str(root))
    own, links = [], []
    for place, directories, names in os.walk(image / TOP):
        stopping.check()
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
    _set_aside(image, links)
    if own:
        shown = ", ".join(str(path.relative_to(image)) for path in own[:SHOWN])
        raise PermanentError(
            f"{len(own)} files of the image have the path of their host in them: {shown}, ….",
            remedy="Make virtual environments relocatable; settings belong to the instance part.",
        )


def _require_no_links(root: Path) -> None:
    """Refuse a host whose programs have put links where the manager is to write."""
    for directory in (TOP, *OWN):
        if (root / directory).resolve() != root.resolve() / directory:
            raise PermanentError(
                f"{root}/{directory} is a link, or below one.",
                remedy="Nothing of this host can be trusted; look at what its playbook does.",
            )


def _set_aside(image: Path, links: Sequence[str]) -> None:
    """Take the virtual environments out of what hosts get a copy of."""
    found = [path.parent for path in (image / TOP).rglob("pyvenv.cfg")]
    movable = [path for path in found if _is_movable(path, [image / link for link in links])]
    (image / ENVIRONMENTS).mkdir()
    for number, environment in enumerate(movable):
        environment.rename(image / ENVIRONMENTS / str(number))
    places = [str(environment.relative_to(image)) for environment in movable]
    (image / PLACES).write_text(json.dumps(places))


def _is_movable(environment: Path, links: Sequence[Path]) -> bool:
    """Whether none of its links leads to another place of the host."""
    if any(link.is_relative_to(environment) for link in links):
        return False
    relative = [
        Path(os.path.normpath(path.parent / path.readlink()))
        for path in environment.rglob("*")
        if path.is_symlink() and not path.readlink().is_absolute()
    ]
    return all(target.is_relative_to(environment) for target in relative)


def install(image: Path, root: Path) -> None:
    """Put what the image has on a host that is not furnished yet."""
    run(["cp", "--archive", "--reflink=auto", image / TOP, root], timeout=COPY_SECONDS)
    for number, place in enumerate(json.loads((image / PLACES).read_text())):
        (root / place).symlink_to(image / ENVIRONMENTS / str(number))
    origin = (image / ORIGIN).read_text()
    for name in json.loads((image / LINKS).read_text()):
        link = root / name
        target = str(link.readlink()).removeprefix(origin)
        link.unlink()
        link.symlink_to(f"{root}{target}")
