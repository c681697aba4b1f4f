"""Places of what Ocim brings along besides its code."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parent
"""The checkout, or the directory that the package was installed into."""


def bundled(name: str) -> Path:
    """Return the directory `name`: a wheel has it within the package, a checkout beside it."""
    inside = PACKAGE / "bundled" / name
    return inside if inside.is_dir() else ROOT / name
