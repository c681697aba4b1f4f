"""Records of hosts: JSON files that are replaced in one step."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocim.adapters.files import write_whole


def read(path: Path) -> dict[str, Any] | None:
    """Return the fields of a record; None if it does not exist."""
    try:
        fields: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return fields


def write(path: Path, fields: Mapping[str, object]) -> None:
    """Replace the record in one step."""
    write_whole(path, json.dumps(fields))
