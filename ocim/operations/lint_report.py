"""Reports on an instance's variables: which of them have an effect."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Effect of a variable."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    OVERRIDDEN = "overridden"


class Severity(StrEnum):
    """Importance of a finding."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """Finding about one variable, without secrets."""

    variable: str
    layer: str
    """Layer that its value comes from."""
    status: Status
    severity: Severity
    text: str
    origin: str = ""
    """Place of the repository's own value, such as a role or a play; empty if it has none."""
    file: str = ""
    line: int = 0
    default: Any = None
    """The repository's own value, as it is written."""
    nearest: str = ""
    """The known name that is most like an unknown one."""
    by: str = ""
    """Layer or variables that override it."""


@dataclass(frozen=True, slots=True)
class Report:
    """Findings in the order of the layers."""

    repository: str
    findings: tuple[Finding, ...]
    unreadable: tuple[str, ...]
    """Files whose variables may be missing here."""
    warnings: tuple[str, ...] = ()
    """Warnings about the operator's settings: valid, but hardly meant. Each has its place there."""

    def worth_saying(self) -> tuple[Finding, ...]:
        """Return the findings that an operator should look at."""
        return tuple(finding for finding in self.findings if finding.severity is not Severity.INFO)

    def as_data(self) -> dict[str, Any]:
        """Return the report as data for JSON."""
        return asdict(self)
