"""The directory in which an installation keeps its settings and its data."""

import os
from collections.abc import Mapping
from pathlib import Path

from ocim.core.places import ROOT


def home(root: Path = ROOT, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of `.env` and `var`: the checkout, else one of the user's own."""
    if (root / "pyproject.toml").is_file():
        return root
    data = environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data, "ocim")


HOME = home()
