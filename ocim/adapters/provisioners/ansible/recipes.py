"""The recipe of a configuration repository's Ansible.

Its requirements, and versions known to work.
"""

import re
import sys
from dataclasses import replace
from pathlib import Path

from ocim.adapters.provisioners.environments import PYTHON, Program, Recipe
from ocim.core.errors import PermanentError

FILES = ("requirements.txt", "requirements/base.txt", "requirements/ansible.txt")
"""Possible files with requirements; the first that exists counts."""
ANSIBLE = Program(
    name="ansible-playbook",
    subject="The configuration's own Ansible",
    missing="The configuration's requirements do not bring Ansible.",
    remedy_if_missing=f"Add it to the first of {', '.join(FILES)} that the repository has.",
    remedy="Check the requirements of the configuration repository (Python {python}), and what is"
    " needed to build them on the manager.",
)

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
    return version if sys.version_info[:2] > (3, minor) else PYTHON
