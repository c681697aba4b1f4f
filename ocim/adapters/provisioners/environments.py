"""Virtual environments of programs that provisioners run, such as Ansible in a certain version.

What has the same requirements shares an environment. Packages run code while they are built, and
may write anything into the environment. So its interpreter is chosen before, and the result is
checked and sealed.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uv

from ocim.adapters.directory_cache import DirectoryCache, remove
from ocim.adapters.programs import capture
from ocim.adapters.provisioners.installing import SYSTEM, install
from ocim.adapters.provisioners.package_index import own_index_environment
from ocim.adapters.provisioners.sealed import Seal, is_intact, seal
from ocim.adapters.sandbox import Sandbox, View
from ocim.core.errors import PermanentError

FIND_SECONDS = 60.0
BASE_FILES = ("pyvenv.cfg", "bin/python*", "lib64")
"""Files that an environment has before packages are installed; packages must not change them."""
LONGEST = 2**16
FORMAT = "4"
"""Part of every environment's name; change it when environments are built in another way."""
COMPILE_SECONDS = 300.0
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Program:
    """Program that an environment is for, and the words of errors about it."""

    name: str
    """File in the environment's `bin`."""
    subject: str
    """Subject of errors, such as `The configuration's own Ansible`."""
    missing: str
    """Problem to report if the requirements do not bring it; `remedy_if_missing` says what to do.
    """
    remedy_if_missing: str
    remedy: str
    """Sentence on what to do if the requirements cannot be installed; `{python}` is the version."""
    module: str = ""
    """Module that is compiled with all that it imports, as runs cannot write what they compile."""


@dataclass(frozen=True)
class Recipe:
    """The inputs of an environment; equal recipes give the same environment."""

    requirements: str
    """Content of a requirements file."""
    overrides: str = ""
    python: str = PYTHON
    file: str = ""
    """Path of the requirements file in the checkout `root`, set only if it names other files."""
    root: str = ""
    """Directory that relative paths in the requirements start from."""
    build_tools: str = ""
    """Requirements of what builds packages. If they are given, every requirement has its hashes."""
    mitogen: str = ""
    """Requirement of a Mitogen that works with this Ansible; empty if none is known."""

    @property
    def name(self) -> str:
        """Name of the environment: a digest."""
        parts = [FORMAT, sys.platform, self.python, self.requirements, self.overrides, self.mitogen]
        parts += [self.build_tools] if self.build_tools else []
        return hashlib.sha256("\0".join([*parts, self.file]).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Environment:
    """A sealed virtual environment."""

    path: Path
    """Directory of the environment; its `bin` contains the program."""
    interpreter: Path
    """The Python installation that the environment is based on."""


class Environments:
    """The environments, kept in `directory` until they have been unused for long.

    Each has the `program`. Their programs name their own paths, so that these hold no links:
    installations may share them.
    """

    def __init__(
        self, directory: Path, sandbox: Sandbox, program: Program, *, keep_days: float = 30.0
    ) -> None:
        self._program = program
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
        program = self._program
        executable = _executable(recipe.python, program.subject)
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
                subject=program.subject,
                remedy=program.remedy.format(python=recipe.python),
            )

        run("venv", "--clear", "--python", str(executable), str(target))
        made = _described(target, _base_files(target))
        install_in = ("pip", "install", "--python", f"{target}/bin/python")
        if recipe.build_tools:
            tools = work / "build-tools.txt"
            tools.write_text(recipe.build_tools)
            run(*install_in, "--require-hashes", "--no-build", "--requirement", str(tools))
        run(*install_in, *_packages(recipe, work))
        remove(work)
        if program.module:
            self._sandbox.run(
                [f"{target}/bin/python", "-c", f"import {program.module}"],
                View((interpreter,), (target,), network=False),
                cwd=target,
                environment={**SYSTEM, "HOME": str(target)},
                timeout=COMPILE_SECONDS,
            )
        after = _described(target, made)
        if changed := sorted(name for name in made if made[name] != after[name]):
            raise PermanentError(
                f"{program.subject} is refused: a required package changed {', '.join(changed)}.",
                remedy="Find out which package does that, and remove it from the requirements.",
            )
        sealed = seal(target, outside=interpreter, subject=program.subject)
        if not (target / "bin" / program.name).is_file():
            raise PermanentError(program.missing, remedy=program.remedy_if_missing)
        return json.dumps({"interpreter": str(interpreter), "seal": sealed.text})


def _packages(recipe: Recipe, work: Path) -> list[str]:
    file = recipe.file or f"{work}/requirements.txt"
    overrides = ["--override", f"{work}/overrides.txt"] if recipe.overrides else []
    # uv checks no hash of what it fetches to build a package: that must be there before.
    locked = ["--require-hashes", "--no-build-isolation"] if recipe.build_tools else []
    return [
        "--requirement",
        file,
        *locked,
        *overrides,
        *([recipe.mitogen] if recipe.mitogen else []),
    ]


def _executable(version: str, subject: str) -> Path:
    """Return the Python of that version: the manager's own, or one that uv finds on the machine.

    Raise PermanentError if there is none.
    """
    if version == PYTHON:
        return Path(sys.base_prefix, "bin", f"python{version}")
    tool = [uv.find_uv_bin(), "--quiet", "--no-config", "python", "find", "--system"]
    environment = {**SYSTEM, "HOME": str(Path.home()), "UV_PYTHON_DOWNLOADS": "never"}
    result = capture(
        [*tool, "--no-project", version], cwd=Path("/"), env=environment, timeout=FIND_SECONDS
    )
    if result.status:
        raise PermanentError(
            f"{subject} needs Python {version}, which is not installed.",
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
