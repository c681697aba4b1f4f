"""The container that stands for a host, and its image.

The image is made of a few programs of this machine, and the libraries that they need: no registry
is asked for it. As root of the engine it gives the host's data to the user of Open edX's images,
which a manager without root could not.
"""

import re
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ocim.adapters import locks, programs
from ocim.adapters.docker_projects import anchor_of
from ocim.adapters.providers import tools
from ocim.adapters.providers.docker.engine import Engine, as_options
from ocim.core.errors import PermanentError, TransientError

IMAGE = "ocim-anchor:1"
PROGRAMS = ("sh", "mkdir", "chown", "rm", "sleep")
MOUNTED = "/host"
"""Place of the host's directory in the container."""
USER = 1000
"""User of Open edX's images."""
DATA = ("lms", "cms", "lms-job", "cms-job", "openedx-media", "openedx-media-private")
"""Directories below `data` that the engine would make as root's, at the first job."""
READY = "/ready"
"""File of the container that is there once the directories are."""
# Some lead out of the directory later, to uploads, and nowhere in this container.
SCRIPT = (
    f"set -e; cd {MOUNTED}; for path in {{0}}; do [ -L $path ] ||"
    f" {{{{ mkdir -p $path; chown {USER}:{USER} $path; }}}}; done; : >{READY}; sleep infinity"
)
MEMORY = "64m"


def start(
    engine: Engine, project: str, *, root: Path, network: str, labels: Mapping[str, str]
) -> None:
    """Start the container of the host with that directory; its image is made where it is missing.

    It comes back with the engine, until it is stopped. It may be killed at any moment.
    """
    _ensure_image(engine, root.parent)
    engine.run(
        *(
            "run",
            "--detach",
            "--name",
            anchor_of(project),
            "--network",
            network,
            *as_options(labels),
        ),
        *("--restart", "unless-stopped", "--stop-signal", "KILL", "--memory", MEMORY),
        *_mount(root),
        *(IMAGE, "/bin/sh", "-c", SCRIPT.format(" ".join(f"data/{path}" for path in DATA))),
    )


def revive(engine: Engine, project: str) -> None:
    """Start the container again if it is stopped."""
    engine.run("start", anchor_of(project))


def fault(engine: Engine, project: str, *, timeout: float) -> str:
    """Return why no command can be run in the container; empty if one can."""
    try:
        engine.run("exec", anchor_of(project), "/bin/sh", "-c", f"[ -e {READY} ]", timeout=timeout)
    except (TransientError, PermanentError) as error:
        return error.problem
    return ""


def empty(engine: Engine, root: Path, *, labels: Mapping[str, str]) -> None:
    """Remove what containers wrote to the directory as users of their own."""
    _ensure_image(engine, root.parent)
    clear = f"rm -rf {MOUNTED}/* {MOUNTED}/.[!.]* {MOUNTED}/..?*"
    shell = (IMAGE, "/bin/sh", "-c", clear)
    engine.run("run", "--rm", *as_options(labels), "--network", "none", *_mount(root), *shell)


def _mount(root: Path) -> list[str]:
    # Not --volume, with which the engine would make a directory that is gone.
    return ["--mount", f"type=bind,source={root},target={MOUNTED}"]


def _ensure_image(engine: Engine, directory: Path) -> None:
    with (directory / ".image.lock").open("w") as lock:
        locks.acquire(lock.fileno())
        if not engine.run("image", "ls", "--quiet", IMAGE):
            with tempfile.NamedTemporaryFile(suffix=".tar") as file:
                _pack(Path(file.name))
                engine.run("image", "import", file.name, IMAGE)


def _pack(archive: Path) -> None:
    """Write the programs, with their libraries at the places where they look for them."""
    with tarfile.open(archive, "w") as tar:
        places: dict[str, str] = {}
        for program in PROGRAMS:
            path = programs.of_system(program, package="coreutils")
            places[f"bin/{program}"] = path
            needed = tools.run(["ldd", path])
            places |= {library.lstrip("/"): library for library in re.findall(r"/\S+", needed)}
        for place, path in places.items():
            tar.add(Path(path).resolve(), place)
