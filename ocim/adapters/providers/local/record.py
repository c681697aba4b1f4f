"""The record of a local host."""

from dataclasses import asdict, dataclass
from pathlib import Path

from ocim.adapters.providers import records

FILE = "record.json"


@dataclass(frozen=True, slots=True)
class Record:
    """The record of a host, in a place where no program of a host can write.

    Its directory is locked while the host is changed. It is created first and removed last.
    """

    address: str = ""
    """Empty while the host is being created or destroyed."""
    image: str = ""
    """Name of the image that the host was made from; empty for none."""
    directories: tuple[str, ...] = ()
    """Directories besides its root to which the host may write."""


def read(directory: Path) -> Record | None:
    """Return the record in the directory; None if nothing was written yet, or the host is gone."""
    if (fields := records.read(directory / FILE)) is None:
        return None
    return Record(fields["address"], fields["image"], tuple(fields["directories"]))


def write(directory: Path, record: Record) -> None:
    """Replace the record in the directory."""
    records.write(directory / FILE, asdict(record))
