"""What an examination of the installation comes to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ocim.core.actions import Action
from ocim.core.errors import OcimError
from ocim.operations.context import Context

Severity = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, and what to do about it."""

    severity: Severity
    what: str
    remedy: str = ""
    where: str = ""
    """A path, an address, a name: the place to look at."""
    repair: Callable[[], Sequence[Action]] | None = None
    """Mends it, where that can do no harm; the actions are to be performed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One area that is looked at."""

    area: str
    fine: str
    """What is said of it where there is nothing else to say."""
    look: Callable[[Context], Iterator[Finding]]
    needs: str = ""
    """Another area, without which this one cannot be looked at."""


def examine(checks: Sequence[Check], context: Context) -> Iterator[tuple[Check, list[Finding]]]:
    """Make the checks in their order; each has at least one finding."""
    lost: set[str] = set()
    for check in checks:
        if check.needs in lost:
            lost.add(check.area)
            findings = [Finding("warning", "Not looked at.", f"First mend the {check.needs}.")]
        else:
            findings = _look(check, context)
        if any(one.severity == "error" for one in findings):
            lost.add(check.area)
        yield check, findings


def _look(check: Check, context: Context) -> list[Finding]:
    findings: list[Finding] = []
    try:
        for finding in check.look(context):
            findings.append(finding)  # noqa: PERF402 - what was found before an error is kept
    except OcimError as error:
        findings.append(Finding("error", error.problem, error.remedy))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other areas are looked at
        findings.append(Finding("error", f"It cannot be looked at: {error!r}."))
    return findings or [Finding("ok", check.fine)]
