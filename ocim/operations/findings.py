"""Checks of the installation, their findings and their repairs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ocim.core.actions import Action
from ocim.core.audit import AuditAction
from ocim.core.errors import OcimError
from ocim.operations import audit
from ocim.operations.context import Context

Severity = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of a check, with its remedy."""

    severity: Severity
    what: str
    remedy: str = ""
    where: str = ""
    """A path, an address, a name: the place to look at."""
    repair: Callable[[], Sequence[Action]] | None = None
    """Function that repairs it without harm, and returns actions to enqueue."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check of one area."""

    area: str
    fine: str
    """Text of the finding if the check yields none."""
    look: Callable[[Context], Iterator[Finding]]
    needs: str = ""
    """Area that must have no errors for this check to run; empty if there is none."""


def examine(checks: Sequence[Check], context: Context) -> Iterator[tuple[Check, list[Finding]]]:
    """Run the checks in their order, and yield each with its findings, at least one."""
    broken: set[str] = set()
    for check in checks:
        if check.needs in broken:
            broken.add(check.area)
            findings = [Finding("warning", "Not checked.", f"First repair the {check.needs}.")]
        else:
            findings = _run(check, context)
        if any(finding.severity == "error" for finding in findings):
            broken.add(check.area)
        yield check, findings


def key_of(check: Check, finding: Finding) -> str:
    """Return a text by which a later examination finds the same finding again."""
    return f"{check.area}: {finding.where}: {finding.what}"


def repair(check: Check, finding: Finding) -> Sequence[Action]:
    """Repair the finding, if that is possible. Return the actions to enqueue."""
    if finding.repair is None:
        return []
    actions = finding.repair()
    target = audit.Target("installation", check.area, f"{check.area}: {finding.where}".rstrip(": "))
    audit.record(AuditAction.INSTALLATION_REPAIR, target, before={"finding": finding.what})
    return actions


def _run(check: Check, context: Context) -> list[Finding]:
    findings: list[Finding] = []
    try:
        for finding in check.look(context):
            findings.append(finding)  # noqa: PERF402 - keeps the findings before an error
    except OcimError as error:
        findings.append(Finding("error", error.problem, error.remedy))
    except Exception as error:  # noqa: BLE001 - the other checks run all the same
        findings.append(Finding("error", f"The check failed: {error!r}."))
    return findings or [Finding("ok", check.fine)]
