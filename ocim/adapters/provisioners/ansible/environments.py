"""An Ansible for each configuration repository, installed from the repository's requirements.

Repositories and commits with the same requirements share an environment. Packages run code while
they are built, and may write anything into the environment. So its interpreter is chosen before,
and the result is checked and sealed.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uv

from ocim.adapters.directory_cache import DirectoryCache, remove
from ocim.adapters.programs import capture
from ocim.adapters.provisioners.ansible.files import own_index_environment
from ocim.adapters.provisioners.ansible.installing import SYSTEM, install
from ocim.adapters.provisioners.ansible.recipes import FILES, Recipe
from ocim.adapters.provisioners.ansible.sealed import Seal, is_intact, seal
from ocim.adapters.sandbox import Sandbox, View
from ocim.core.errors import PermanentError

FIND_SECONDS = 60.0
BASE_FILES = ("pyvenv.cfg", "bin/python*", "lib64")
"""Files that an environment has before packages are installed; packages must not change them."""
LONGEST = 2**16
SUBJECT = "The configuration's own Ansible"


@dataclass(frozen=True)
class Environment:
    """A sealed virtual environment."""

    path: Path
    """Directory of the environment; its `bin` contains ansible-playbook."""
    interpreter: Path
    """The Python installation that the environment is based on."""


class Environments:
    """The environments, kept in `directory` until they have been unused for long.

    Their programs name their own paths, so that these hold no links: installations may share them.
    """

    def __init__(self, directory: Path, sandbox: Sandbox, *, keep_days: float = 30.0) -> None:
        self._cache = DirectoryCache(directory.resolve(), keep_days=keep_days)
        self._sandbox = sandbox

    @contextmanager
    def environment(self, recipe: Recipe) -> Iterator[Environment]:
        """Yield the environment of a recipe, and keep it for the block; build it if it is missing.

        Raise PermanentError if it was changed after it was built.
        """
        with self._cache.item(recipe.name, lambda path: self._build(recipe, path)) as directory:
            record = json.loads(self._cache.record(recipe.name))
            environment = Environment(directory / "venv", Path(record["interpreter"]))
            # Without a sandbox, nothing protects the environment, and Ansible itself may write
            # compiled code into it.
            if self._sandbox.is_available and not is_intact(
                environment.path, Seal.read(record["seal"])
            ):
                raise PermanentError(
                    f"The environment {directory} was changed after it was built.",
                    remedy=f"Find out what changed it; then remove {directory}.complete, so that"
                    " it is built again.",
                )
            yield environment

    def _build(self, recipe: Recipe, directory: Path) -> str:
        executable = _executable(recipe.python)
        interpreter = _installation(executable)
        target, work = directory / "venv", directory / "build"
        for path in (directory, target, work):
            path.mkdir()
        (work / "requirements.txt").write_text(recipe.requirements)
        (work / "overrides.txt").write_text(recipe.overrides)
        root = [Path(recipe.root)] if recipe.root else []
        view = View((Path(uv.find_uv_bin()), interpreter, *root), (work, target))
        # A cache of its own: packages that one repository has built must not reach another one.
        private = {"HOME": str(work), "TMPDIR": str(work), "UV_CACHE_DIR": f"{work}/cache"}

        def run(*command: str) -> None:
            install(
                self._sandbox,
                [uv.find_uv_bin(), "--quiet", "--no-config", *command],
                view,
                {**own_index_environment(), **private},
                cwd=Path(recipe.root or work),
                subject=SUBJECT,
                remedy="Check the requirements of the configuration repository (Python "
                f"{recipe.python}), and what is needed to build them on the manager.",
            )

        run("venv", "--clear", "--python", str(executable), str(target))
        made = _described(target, _base_files(target))
        run("pip", "install", "--python", f"{target}/bin/python", *_packages(recipe, work))
        remove(work)
        after = _described(target, made)
        if changed := sorted(name for name in made if made[name] != after[name]):
            raise PermanentError(
                f"{SUBJECT} is refused: a required package changed {', '.join(changed)}.",
                remedy="Find out which package does that, and remove it from the requirements.",
            )
        sealed = seal(target, outside=interpreter, subject=SUBJECT)
        if not (target / "bin" / "ansible-playbook").is_file():
            raise PermanentError(
                "The configuration's requirements do not bring Ansible.",
                remedy=f"Add it to the first of {', '.join(FILES)} that the repository has.",
            )
        return json.dumps({"interpreter": str(interpreter), "seal": sealed.text})


def _packages(recipe: Recipe, work: Path) -> list[str]:
    file = recipe.file or f"{work}/requirements.txt"
    overrides = ["--override", f"{work}/overrides.txt"] if recipe.overrides else []
    return ["--requirement", file, *overrides, *([recipe.mitogen] if recipe.mitogen else [])]


def _executable(version: str) -> Path:
    """Return the Python of that version: the manager's own, or one that uv finds on the machine.

    Raise PermanentError if there is none.
    """
    if version == Recipe("").python:
        return Path(sys.base_prefix, "bin", f"python{version}")
    tool = [uv.find_uv_bin(), "--quiet", "--no-config", "python", "find", "--system"]
    environment = {**SYSTEM, "HOME": str(Path.home()), "UV_PYTHON_DOWNLOADS": "never"}
    result = capture(
        [*tool, "--no-project", version], cwd=Path("/"), env=environment, timeout=FIND_SECONDS
    )
    if result.status:
        raise PermanentError(
            f"{SUBJECT} needs Python {version}, which is not installed.",
            remedy=f"Install it: apt-get install python{version}, or uv python install {version}.",
        )
    return Path(result.output.strip())


def _installation(executable: Path) -> Path:
    """Return the directory of a Python installation.

    Raise PermanentError if it holds other things.
    """
    installation = executable.resolve().parent.parent
    if len(installation.parts) == 1 or Path.home().is_relative_to(installation):
        raise PermanentError(
            f"Python is installed in {installation}; runs would see everything in there.",
            remedy="Install Python in a directory of its own.",
        )
    return installation


def _base_files(environment: Path) -> list[str]:
    """Return the paths of files that decide which Python the environment uses."""
    paths = [path for pattern in BASE_FILES for path in environment.glob(pattern)]
    return [str(path.relative_to(environment)) for path in paths]


def _described(environment: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the targets of links, and the beginnings of files; links are not followed."""
    descriptions = {}
    for name in names:
        path = environment / name
        if path.is_symlink():
            descriptions[name] = f"link to {path.readlink()}"
        elif path.is_file():
            with path.open(errors="replace") as file:
                descriptions[name] = file.read(LONGEST)
        else:
            descriptions[name] = "neither a file nor a link"
    return descriptions
