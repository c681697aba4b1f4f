"""Programs that Ocim starts by name: its environment's own, and this machine's."""

import shutil
import sys
from pathlib import Path

from ocim.core.errors import PermanentError


def own(name: str) -> str:
    """Return the path of a program of Ocim's environment: PATH need not lead to it."""
    return str(Path(sys.executable).with_name(name))


def of_system(name: str, *, package: str) -> str:
    """Return the path of a program of this machine; PermanentError where it is not installed."""
    if path := shutil.which(name):
        return path
    raise PermanentError(
        f"{name} is not installed on the manager.", remedy=f"Install it: apt-get install {package}."
    )
