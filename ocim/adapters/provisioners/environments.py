"""An Ansible of its own for a configuration repository, built from that repository's requirements.

One environment for each set of requirements, shared by all commits and repositories that have it.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import uv

from ocim.adapters.captured import captured
from ocim.adapters.provisioners.ansible_files import own_index_environment
from ocim.adapters.provisioners.ansible_messages import condensed
from ocim.adapters.provisioners.masking import masker, reveal
from ocim.adapters.provisioners.shelf import Shelf
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import OutsideError, OutsideRefusal

FILES = ("requirements.txt", "requirements/base.txt", "requirements/ansible.txt")
"""Where requirements are looked for; the first that is there counts."""
TIMEOUT = 1800.0
FORMAT = "2"
"""Part of every environment's name: a new one where they are built in another way."""

# Ansible before 2.9 does not run on Python 3.11, which is what there is. Of what does, 2.9.27 alone
# runs the playbooks of those releases as they are.
KNOWN_GOOD = "ansible==2.9.27\njinja2==3.0.3\nsetuptools==57.5.0\n"
# Ansible 2.9 and 2.10 say that any Jinja will do, which newer ones do not, and older ones do not
# import on Python 3.10 and later; and they use what setuptools had up to 57.
OVERRIDES = "jinja2==3.0.3\nmarkupsafe>=2.0\nsetuptools==57.5.0\n"

# What speeds steps up, by the series of Ansible with which it was seen to work.
MITOGEN = {(2, 9): "mitogen==0.2.10", (2, 19): "mitogen==0.3.54"}

_PIN = re.compile(
    r"^ansible(?:-base|-core)?(?:\[.*?\])?\s*[=~]=\s*(\d+)\.(\d+)", re.IGNORECASE | re.MULTILINE
)
_FROM_GIT = re.compile(
    r"^.*git\+\S+/ansible(?:\.git)?@\D*(\d+)\.(\d+)", re.IGNORECASE | re.MULTILINE
)
_NOT_ALONE = re.compile(
    r"^\s*(-[rce]\b|--(requirement|constraint|editable)|[./])|file:", re.MULTILINE
)
_MAY_PASS = re.compile(
    r"error sending request|dns error|timed out|timeout|connection|status code \(?5\d\d"
    r"|Failed to fetch|network",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Recipe:
    """What an environment is built from; equal ones give the same environment."""

    requirements: str
    """Content of a requirements file."""
    overrides: str = ""
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"
    file: str = ""
    """Set where the requirements name other files: their own file, in the checkout `root`."""
    root: str = ""
    """What relative paths in them are relative to."""
    mitogen: str = ""
    """A requirement besides; empty where none is known to work."""

    @property
    def name(self) -> str:
        """Of the environment: a digest."""
        parts = [FORMAT, sys.platform, self.python, self.requirements, self.overrides, self.mitogen]
        return hashlib.sha256("\0".join([*parts, self.file]).encode()).hexdigest()[:20]


def recipe(checkout: Path) -> Recipe | None:
    """What the repository that is checked out there wants; None where it does not say."""
    found = next((checkout / name for name in FILES if (checkout / name).is_file()), None)
    if found is None:
        return None
    if not found.resolve().is_relative_to(checkout.resolve()):
        raise OutsideRefusal(f"{found.name} of the configuration leads out of the repository.")
    text = found.read_text(errors="replace")
    pin = _PIN.search(text) or _FROM_GIT.search(text)
    series = (int(pin[1]), int(pin[2])) if pin else (99, 0)
    if series < (2, 9):
        return Recipe(KNOWN_GOOD, python=_not_newer("3.11"), mitogen=MITOGEN[2, 9])
    own = Recipe(text, mitogen=MITOGEN.get(series, ""))
    if series < (2, 11):
        own = replace(own, overrides=OVERRIDES, python=_not_newer("3.11"))
    if _NOT_ALONE.search(text):
        own = replace(own, file=str(found), root=str(checkout))
    return own


def _not_newer(version: str) -> str:
    minor = int(version.partition(".")[2])
    return version if sys.version_info[:2] > (3, minor) else Recipe("").python


def interpreter(environment: Path) -> Path:
    """The Python installation that a virtual environment was made with."""
    said = dict(
        line.split(" = ", 1)
        for line in (environment / "pyvenv.cfg").read_text().splitlines()
        if " = " in line
    )
    return Path(said["home"]).resolve().parent


class Environments:
    """Builds environments, and keeps them in `directory` until they are long unused."""

    def __init__(self, directory: Path, sandbox: Sandbox, *, keep_days: float = 30.0) -> None:
        self._shelf = Shelf(directory, keep_days=keep_days)
        self._sandbox = sandbox

    @contextmanager
    def environment(self, wanted: Recipe) -> Iterator[Path]:
        """The environment's directory, whose `bin` has ansible-playbook; kept within the block."""
        with self._shelf.item(wanted.name, lambda path: self._build(wanted, path)) as directory:
            yield directory / "venv"

    def _build(self, wanted: Recipe, directory: Path) -> None:
        target, work = directory / "venv", directory / "build"
        for path in (directory, target, work):
            path.mkdir()
        (work / "requirements.txt").write_text(wanted.requirements)
        (work / "overrides.txt").write_text(wanted.overrides)
        # What a repository has built must not get into any other's environment.
        private = {"HOME": str(work), "TMPDIR": str(work), "UV_CACHE_DIR": f"{work}/cache"}
        paths = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        readable = [Path(uv.find_uv_bin()), *([Path(wanted.root)] if wanted.root else [])]
        for command in _commands(wanted, work, target):
            argv = self._sandbox.wrap(command, readable=readable, writable=[work, target])
            environment = {**own_index_environment(), **private, **paths}
            _run(argv, wanted, environment, cwd=Path(wanted.root or work))
        shutil.rmtree(work)
        if not (target / "bin" / "ansible-playbook").exists():
            raise OutsideRefusal(
                "The configuration's requirements do not bring Ansible.",
                remedy=f"Name it in the first of {', '.join(FILES)} that the repository has.",
            )


def _commands(wanted: Recipe, work: Path, target: Path) -> Iterator[list[str]]:
    tool = [uv.find_uv_bin(), "--quiet", "--no-config"]
    is_own = wanted.python == Recipe("").python
    base = f"{sys.base_prefix}/bin/python{wanted.python}" if is_own else wanted.python
    yield [*tool, "venv", "--clear", "--python", base, str(target)]
    python = ["--python", f"{target}/bin/python"]
    file = wanted.file or f"{work}/requirements.txt"
    overrides = ["--override", f"{work}/overrides.txt"] if wanted.overrides else []
    besides = [wanted.mitogen] if wanted.mitogen else []
    yield [*tool, "pip", "install", *python, "--requirement", file, *overrides, *besides]


def _run(argv: list[str], wanted: Recipe, environment: Mapping[str, object], cwd: Path) -> None:
    try:
        done = captured(
            argv,
            cwd=cwd,
            env={name: str(reveal(text)) for name, text in environment.items() if reveal(text)},
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"Installing Ansible took more than {TIMEOUT:g} s.") from error
    if done.status:
        said = masker(environment)(condensed(done.errors))
        problem = f"The configuration's own Ansible cannot be installed: {said}"
        if _MAY_PASS.search(said):
            raise OutsideError(problem, remedy="It is tried again later.")
        raise OutsideRefusal(
            problem,
            remedy=f"See the requirements of the configuration repository (Python {wanted.python}),"
            " and what they need to be built on the manager.",
        )
