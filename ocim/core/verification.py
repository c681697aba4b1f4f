"""Reports of verifications: lines, each with its evidence."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """Outcome of a check."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """The check was not possible, or is for a person to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """Check, with its outcome and evidence."""

    name: str
    """Stable name: service and subject, such as `ecommerce: sign-on`."""
    outcome: Outcome
    compared: str = ""
    """Actual and expected values."""
    url: str = ""
    status: int | None = None
    remedy: str = ""
    """Advice what to do about a failure."""

    def as_dict(self) -> dict[str, Any]:
        """Return the line as a dictionary for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Line":
        """Return the line from the dictionary that `as_dict` returned."""
        return cls(**{**stored, "outcome": Outcome(stored["outcome"])})


@dataclass(frozen=True, slots=True)
class Report:
    """Report of a verification: its lines, in their order."""

    lines: tuple[Line, ...]

    @property
    def ok(self) -> bool:
        """True if no check failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Line, ...]:
        """Lines of the checks that failed."""
        return tuple(line for line in self.lines if line.outcome is Outcome.FAILED)
