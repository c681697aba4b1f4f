"""The recipe of a configuration repository's Ansible.

Its requirements, and versions known to work.
"""

import hashlib
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from ocim.core.errors import PermanentError

FILES = ("requirements.txt", "requirements/base.txt", "requirements/ansible.txt")
"""Possible files with requirements; the first that exists counts."""
FORMAT = "3"
"""Part of every environment's name; change it when environments are built in another way."""

# Ansible before 2.9 does not run on Python 3.11. Of the versions that do, only 2.9.27 runs the
# playbooks of those releases unchanged.
KNOWN_GOOD = "ansible==2.9.27\njinja2==3.0.3\nsetuptools==57.5.0\n"
# Ansible 2.9 and 2.10 declare that any Jinja works. In fact newer versions do not, and older ones
# cannot be imported on Python 3.10 and later. They also need setuptools up to 57.
OVERRIDES = "jinja2==3.0.3\nmarkupsafe>=2.0\nsetuptools==57.5.0\n"

# Versions of Mitogen, which speeds up tasks, by the series of Ansible that they work with.
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


@dataclass(frozen=True)
class Recipe:
    """The inputs of an environment; equal recipes give the same environment."""

    requirements: str
    """Content of a requirements file."""
    overrides: str = ""
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"
    file: str = ""
    """Path of the requirements file in the checkout `root`, set only if it names other files."""
    root: str = ""
    """Directory that relative paths in the requirements start from."""
    mitogen: str = ""
    """Requirement of a Mitogen that works with this Ansible; empty if none is known."""

    @property
    def name(self) -> str:
        """Name of the environment: a digest."""
        parts = [FORMAT, sys.platform, self.python, self.requirements, self.overrides, self.mitogen]
        return hashlib.sha256("\0".join([*parts, self.file]).encode()).hexdigest()[:20]


def recipe(checkout: Path) -> Recipe | None:
    """Return the recipe of a checked out repository; None if it has no requirements.

    Raise PermanentError if its requirements file is a link out of the repository.
    """
    file = next((checkout / name for name in FILES if (checkout / name).is_file()), None)
    if file is None:
        return None
    if not file.resolve().is_relative_to(checkout.resolve()):
        raise PermanentError(f"{file.name} of the configuration leads out of the repository.")
    text = file.read_text(errors="replace")
    pin = _PIN.search(text) or _FROM_GIT.search(text)
    series = (int(pin[1]), int(pin[2])) if pin else (99, 0)
    if series < (2, 9):
        return Recipe(KNOWN_GOOD, python=_not_newer("3.11"), mitogen=MITOGEN[2, 9])
    own = Recipe(text, mitogen=MITOGEN.get(series, ""))
    if series < (2, 11):
        own = replace(own, overrides=OVERRIDES, python=_not_newer("3.11"))
    if _NOT_ALONE.search(text):
        own = replace(own, file=str(file), root=str(checkout))
    return own


def _not_newer(version: str) -> str:
    minor = int(version.partition(".")[2])
    return version if sys.version_info[:2] > (3, minor) else Recipe("").python
