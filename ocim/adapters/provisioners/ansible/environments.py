"""An Ansible of its own for a configuration repository, built from that repository's requirements.

One environment for each set of requirements, shared by all commits and repositories that have it.
Packages run code while they are built, and may write whatever they like into the environment: so
its interpreter is chosen before, and what was built is looked through and sealed afterwards.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uv

from ocim.adapters.directory_cache import DirectoryCache, remove
from ocim.adapters.provisioners.ansible.files import own_index_environment
from ocim.adapters.provisioners.ansible.installing import SYSTEM, install
from ocim.adapters.provisioners.ansible.recipes import FILES, Recipe
from ocim.adapters.provisioners.ansible.sealed import Seal, is_intact, seal
from ocim.adapters.sandbox import Sandbox, View
from ocim.core.errors import PermanentError

FIND_SECONDS = 60.0
OURS = ("pyvenv.cfg", "bin/python*", "lib64")
"""What an environment has before any package is installed, and has to have afterwards."""
LONGEST = 2**16
WHAT = "The configuration's own Ansible"


@dataclass(frozen=True)
class Environment:
    """A sealed virtual environment."""

    path: Path
    """Its `bin` has ansible-playbook."""
    interpreter: Path
    """The Python installation that it was made with."""


class Environments:
    """Builds environments, and keeps them in `directory` until they are long unused."""

    def __init__(self, directory: Path, sandbox: Sandbox, *, keep_days: float = 30.0) -> None:
        self._shelf = DirectoryCache(directory, keep_days=keep_days)
        self._sandbox = sandbox

    @contextmanager
    def environment(self, wanted: Recipe) -> Iterator[Environment]:
        """Yield the environment, built where it is missing; kept within the block."""
        with self._shelf.item(wanted.name, lambda path: self._build(wanted, path)) as directory:
            record = json.loads(self._shelf.record(wanted.name))
            found = Environment(directory / "venv", Path(record["interpreter"]))
            # Without a sandbox Ansible may leave compiled code in it, and nothing is kept out.
            if self._sandbox.is_available and not is_intact(found.path, Seal.read(record["seal"])):
                raise PermanentError(
                    f"The environment {directory} was changed after it was built.",
                    remedy=f"Find out by whom; then remove {directory}.complete: it is built anew.",
                )
            yield found

    def _build(self, wanted: Recipe, directory: Path) -> str:
        executable = _executable(wanted.python)
        interpreter = _installation(executable)
        target, work = directory / "venv", directory / "build"
        for path in (directory, target, work):
            path.mkdir()
        (work / "requirements.txt").write_text(wanted.requirements)
        (work / "overrides.txt").write_text(wanted.overrides)
        root = [Path(wanted.root)] if wanted.root else []
        view = View((Path(uv.find_uv_bin()), interpreter, *root), (work, target))
        # What a repository has built must not get into any other's environment.
        private = {"HOME": str(work), "TMPDIR": str(work), "UV_CACHE_DIR": f"{work}/cache"}

        def run(*command: str) -> None:
            install(
                self._sandbox,
                [uv.find_uv_bin(), "--quiet", "--no-config", *command],
                view,
                {**own_index_environment(), **private},
                cwd=Path(wanted.root or work),
                what=WHAT,
                remedy="See the requirements of the configuration repository (Python "
                f"{wanted.python}), and what they need to be built on the manager.",
            )

        run("venv", "--clear", "--python", str(executable), str(target))
        made = _described(target, _ours(target))
        run("pip", "install", "--python", f"{target}/bin/python", *_packages(wanted, work))
        remove(work)
        there = _described(target, made)
        if changed := sorted(name for name in made if made[name] != there[name]):
            raise PermanentError(
                f"{WHAT} is refused: a required package changed {', '.join(changed)}.",
                remedy="Find out which one, and do without it.",
            )
        sealed = seal(target, adapters=interpreter, what=WHAT)
        if not (target / "bin" / "ansible-playbook").is_file():
            raise PermanentError(
                "The configuration's requirements do not bring Ansible.",
                remedy=f"Name it in the first of {', '.join(FILES)} that the repository has.",
            )
        return json.dumps({"interpreter": str(interpreter), "seal": sealed.text})


def _packages(wanted: Recipe, work: Path) -> list[str]:
    file = wanted.file or f"{work}/requirements.txt"
    overrides = ["--override", f"{work}/overrides.txt"] if wanted.overrides else []
    return ["--requirement", file, *overrides, *([wanted.mitogen] if wanted.mitogen else [])]


def _executable(version: str) -> Path:
    """Return the Python of that version: the manager's own, or one that uv finds on the machine."""
    if version == Recipe("").python:
        return Path(sys.base_prefix, "bin", f"python{version}")
    tool = [uv.find_uv_bin(), "--quiet", "--no-config", "python", "find", "--system"]
    environment = {**SYSTEM, "HOME": str(Path.home()), "UV_PYTHON_DOWNLOADS": "never"}
    found = subprocess.run(
        [*tool, "--no-project", version],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        timeout=FIND_SECONDS,
        check=False,
    )
    if found.returncode:
        raise PermanentError(
            f"{WHAT} needs Python {version}, which is not installed.",
            remedy=f"Install it: apt-get install python{version}, or uv python install {version}.",
        )
    return Path(found.stdout.strip())


def _installation(executable: Path) -> Path:
    """Return the directory of a Python installation, which is nothing that holds all others."""
    installation = executable.resolve().parent.parent
    if len(installation.parts) == 1 or Path.home().is_relative_to(installation):
        raise PermanentError(
            f"Python is installed in {installation}, which runs would see with all that is in it.",
            remedy="Install Python in a directory of its own.",
        )
    return installation


def _ours(environment: Path) -> list[str]:
    """Return the names of what decides which Python an environment is of."""
    paths = [path for pattern in OURS for path in environment.glob(pattern)]
    return [str(path.relative_to(environment)) for path in paths]


def _described(environment: Path, names: Iterable[str]) -> dict[str, str]:
    """Return where links lead, and how files begin; no link is followed."""
    found = {}
    for name in names:
        path = environment / name
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        elif path.is_file():
            with path.open(errors="replace") as file:
                found[name] = file.read(LONGEST)
        else:
            found[name] = "neither a file nor a link"
    return found
