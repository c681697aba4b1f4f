"""The container that stands for a host, and its image.

The image is made of a few programs of this machine, and the libraries that they need: no registry
is asked for it. As root of the engine it gives the host's data to the user of Open edX's images,
which a manager without root could not.
"""

import re
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ocim.adapters import programs
from ocim.adapters.docker_projects import ANCHOR_IMAGE, ANCHOR_PLACE, anchor_of
from ocim.adapters.locks import acquire
from ocim.adapters.providers import tools
from ocim.adapters.providers.docker.engine import Engine, as_options
from ocim.core.errors import PermanentError, TransientError

PROGRAMS = {
    **dict.fromkeys(("mkdir", "rmdir", "chmod", "chown", "ln", "rm", "sleep"), "coreutils"),
    "sh": "dash",
    "grep": "grep",
}
"""Programs of the image, and the packages that have them."""
USER = 1000
"""User of Open edX's images."""
DATA = ("lms", "cms", "lms-job", "cms-job", "openedx-media", "openedx-media-private")
"""Directories below `data` that the engine would make as root's, at the first job."""
READY = "/ready"
"""File of the container that is there once the directories are."""
# Some lead out of the directory later, to uploads, and nowhere in this container.
SCRIPT = (
    f"set -e; cd {ANCHOR_PLACE}; chmod 700 .; for path in {{0}}; do [ -L $path ] ||"
    f" {{{{ mkdir -p $path; chown {USER}:{USER} $path; }}}}; done; : >{READY}; sleep infinity"
)
MEMORY = "64m"


def start(
    engine: Engine,
    project: str,
    *,
    root: str,
    network: str,
    labels: Mapping[str, str],
    locks: Path,
) -> None:
    """Start the container of the host with that directory on the engine's machine.

    Its image is made where it is missing; `locks`: directory of the lock meanwhile. The container
    comes back with the engine, until it is stopped. It may be killed at any moment.
    """
    _ensure_image(engine, locks)
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
        *_mount(engine, root),
        *(ANCHOR_IMAGE, "/bin/sh", "-c", SCRIPT.format(" ".join(f"data/{path}" for path in DATA))),
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
    clear = f"rm -rf {ANCHOR_PLACE}/* {ANCHOR_PLACE}/.[!.]* {ANCHOR_PLACE}/..?*"
    run(engine, clear, *as_options(labels), *_mount(engine, str(root)), locks=root.parent)


def run(engine: Engine, script: str, *options: str, locks: Path) -> str:
    """Run a script in a container of its own as the engine's root, and return its output.

    `options` are those of `docker run`. `locks`: as in `start`.
    """
    _ensure_image(engine, locks)
    shell = (ANCHOR_IMAGE, "/bin/sh", "-c", script)
    return engine.run("run", "--rm", "--network", "none", *options, *shell)


def mounted(directory: str) -> Sequence[str]:
    """Return the options that show a directory in a container; the engine makes it if needed."""
    return ("--volume", f"{directory}:{ANCHOR_PLACE}")


def _mount(engine: Engine, root: str) -> Sequence[str]:
    if engine.at.is_elsewhere:
        return mounted(root)
    # Not --volume, with which the engine would make a directory that is gone.
    return ("--mount", f"type=bind,source={root},target={ANCHOR_PLACE}")


def _ensure_image(engine: Engine, directory: Path) -> None:
    with (directory / ".image.lock").open("w") as lock:
        acquire(lock.fileno())
        if not engine.run("image", "ls", "--quiet", ANCHOR_IMAGE):
            with tempfile.NamedTemporaryFile(suffix=".tar") as file:
                _pack(Path(file.name))
                engine.run("image", "import", file.name, ANCHOR_IMAGE)


def _pack(archive: Path) -> None:
    """Write the programs, with their libraries at the places where they look for them."""
    with tarfile.open(archive, "w") as tar:
        places: dict[str, str] = {}
        for program, package in PROGRAMS.items():
            path = programs.of_system(program, package=package)
            places[f"bin/{program}"] = path
            needed = tools.run(["ldd", path])
            places |= {library.lstrip("/"): library for library in re.findall(r"/\S+", needed)}
        for place, path in places.items():
            tar.add(Path(path).resolve(), place)
