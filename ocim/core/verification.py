"""What a verification found: lines, each with its evidence."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How one thing that was looked at came out."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It could not be looked at, or is for a person to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    name: str
    """Stable; the service and what of it, as in `ecommerce: sign-on`."""
    outcome: Outcome
    compared: str = ""
    """What was seen, and what it was held against."""
    url: str = ""
    status: int | None = None
    remedy: str = ""
    """What to do."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Line":
        """What `as_dict` gave."""
        return cls(**{**kept, "outcome": Outcome(kept["outcome"])})


@dataclass(frozen=True, slots=True)
class Report:
    """All lines of one verification, in their order."""

    lines: tuple[Line, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Line, ...]:
        """What failed."""
        return tuple(line for line in self.lines if line.outcome is Outcome.FAILED)
