"""Images of local hosts: the content of `/edx`.

Most of it are virtual environments, which no longer change. They stay in the image; hosts see them
through links, and their sandbox makes them read-only. Each host has a copy of the rest.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ocim.adapters.providers.local.root import OWN
from ocim.adapters.providers.tools import run
from ocim.core import stopping
from ocim.core.errors import PermanentError

TOP = "edx"
ORIGIN = "origin"
"""File with the root of the host that the image was made from: links may lead there."""
LINKS = "links.json"
"""File with the names of those links."""
ENVIRONMENTS = "environments"
"""Directory with the virtual environments that hosts share; their names are numbers."""
PLACES = "environments.json"
"""File with the places of the virtual environments on a host, in the order of their numbers."""
SHOWN = 3
"""Number of files that an error message names."""
COPY_SECONDS = 300.0


def capture(root: Path, image: Path) -> None:
    """Move what was set up on the host into the image.

    Raise PermanentError if a file contains the host's path, and so is useless on another host.
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
                # Compiled code has the path for messages only, and Python corrects it when loading.
                if path.suffix != ".pyc" and str(root).encode() in path.read_bytes():
                    own.append(path)
    (image / LINKS).write_text(json.dumps(links))
    _set_aside(image, links)
    if own:
        shown = ", ".join(str(path.relative_to(image)) for path in own[:SHOWN])
        raise PermanentError(
            f"Files of the image contain the path of their host ({len(own)} in all): {shown}, ….",
            remedy="Make virtual environments relocatable; write settings in the instance part.",
        )


def _require_no_links(root: Path) -> None:
    """Raise PermanentError if the host's programs have put links where the manager will write."""
    for directory in (TOP, *OWN):
        if (root / directory).resolve() != root.resolve() / directory:
            raise PermanentError(
                f"{root}/{directory} is a link, or below one.",
                remedy="Do not trust this host; find out what its playbook does.",
            )


def _set_aside(image: Path, links: Sequence[str]) -> None:
    """Move virtual environments out of the part that hosts copy."""
    paths = [path.parent for path in (image / TOP).rglob("pyvenv.cfg")]
    movable = [path for path in paths if _is_movable(path, [image / link for link in links])]
    (image / ENVIRONMENTS).mkdir()
    for number, environment in enumerate(movable):
        environment.rename(image / ENVIRONMENTS / str(number))
    places = [str(environment.relative_to(image)) for environment in movable]
    (image / PLACES).write_text(json.dumps(places))


def _is_movable(environment: Path, links: Sequence[Path]) -> bool:
    """Return True if none of the environment's links leads out of it."""
    if any(link.is_relative_to(environment) for link in links):
        return False
    relative = [
        Path(os.path.normpath(path.parent / path.readlink()))
        for path in environment.rglob("*")
        if path.is_symlink() and not path.readlink().is_absolute()
    ]
    return all(target.is_relative_to(environment) for target in relative)


def install(image: Path, root: Path) -> None:
    """Copy the image's content to a new host, and link the virtual environments."""
    run(["cp", "--archive", "--reflink=auto", image / TOP, root], timeout=COPY_SECONDS)
    for number, place in enumerate(json.loads((image / PLACES).read_text())):
        (root / place).symlink_to(image / ENVIRONMENTS / str(number))
    origin = (image / ORIGIN).read_text()
    for name in json.loads((image / LINKS).read_text()):
        link = root / name
        target = str(link.readlink()).removeprefix(origin)
        link.unlink()
        link.symlink_to(f"{root}{target}")
