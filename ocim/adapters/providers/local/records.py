"""What a provider knows of its local hosts, kept where no program of a host can write.

A host's record is a directory, which is also what is locked while the host is changed. It is made
before all else of the host, and removed last.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "record.json"


@dataclass(frozen=True, slots=True)
class Record:
    """One host as it was made."""

    address: str = ""
    """Empty while the host is half made, or half destroyed."""
    image: str = ""
    """The image that it was made from; empty for none."""
    directories: tuple[str, ...] = ()
    """What it may write besides its root."""


def read(directory: Path) -> Record | None:
    """Return the record; None where nothing was written yet, or the host is gone."""
    try:
        fields = json.loads((directory / FILE).read_text())
    except FileNotFoundError:
        return None
    return Record(fields["address"], fields["image"], tuple(fields["directories"]))


def write(directory: Path, record: Record) -> None:
    """Replace the record in one step."""
    unfinished = directory / f"{FILE}.new"
    unfinished.write_text(json.dumps(asdict(record)))
    unfinished.replace(directory / FILE)
