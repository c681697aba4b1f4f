"""The manager's own way to the package index, from its environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ocim.core.secrets import Secret, revealed

# Variables that tell package installers how to reach their index.
INDEX_VARIABLES = re.compile(
    r"UV_.*|PIP_.*|(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)", re.IGNORECASE
)
_MAY_BE_SECRET = re.compile(r"PASSWORD|TOKEN|://")


def own_index_environment() -> dict[str, str | Secret]:
    """Return the variables of the manager that this machine needs to reach the package index."""
    kept = {name: text for name, text in os.environ.items() if INDEX_VARIABLES.fullmatch(name)}
    # Each installation sets a cache of its own: the manager's code may be linked to this one.
    kept.pop("UV_CACHE_DIR", None)
    return {
        # If the manager does not set it, an empty value overrides that of a local host, whose file
        # has the fleet's authorities but perhaps not the index's.
        "SSL_CERT_FILE": "",
        **masked_environment(kept),
    }


def index_files() -> list[Path]:
    """Return files of this machine that the manager's environment names to reach the index."""
    texts = [str(revealed(text)) for text in own_index_environment().values()]
    return [Path(text) for text in texts if text.startswith("/")]


def masked_environment(environment: Mapping[str, str]) -> dict[str, str | Secret]:
    """Make values secret that may contain a password, such as URLs."""
    return {
        name: Secret(text) if _MAY_BE_SECRET.search(name + text) else text
        for name, text in environment.items()
    }
