"""What a configuration repository requires to be installed, and what is known to work."""

import hashlib
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from ocim.core.errors import PermanentError

FILES = ("requirements.txt", "requirements/base.txt", "requirements/ansible.txt")
"""Where requirements are looked for; the first that is there counts."""
FORMAT = "3"
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
        raise PermanentError(f"{found.name} of the configuration leads out of the repository.")
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
