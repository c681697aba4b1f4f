"""`ocim doctor`: what is wrong with this installation, and how to mend it."""

import argparse
import sys
from collections.abc import Sequence

from django.core.management.base import CommandParser

from ocim.console import machine
from ocim.console.command import OcimCommand
from ocim.core.errors import OcimError
from ocim.operations import doctor
from ocim.operations.findings import Check, Finding, examine
from ocim.tasks import enqueue
from ocim.wiring import context

STYLES = {"ok": "green", "warning": "yellow", "error": "red"}


class Command(OcimCommand):
    help = "Look for what is wrong with this installation, and say how to mend it."
    requires_system_checks = ()  # their findings are among the others
    examples = """examples:
  ocim doctor
  ocim doctor --fix
  ocim doctor --json

It ends with 1 where there are errors, and with 0 where there are warnings at most.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fix",
            action="store_true",
            help="mend what can be mended without harm: take away hosts that nothing needs"
            " and what is left of others, bring the balancer up to date, have forgotten jobs"
            " taken up, keep others from files",
        )
        parser.add_argument("--json", action="store_true", help="for scripts")
        parser.set_defaults(run=self.look)

    def look(self, given: argparse.Namespace) -> None:
        found: list[tuple[Check, Finding]] = []
        for check, findings in examine((*machine.CHECKS, *doctor.CHECKS), context()):
            for finding in findings:
                found.append((check, finding))
                self._say(check, finding)
        mended = self._mend(found) if given.fix else []
        if self.out.as_json:
            self.out.data(
                [
                    {"area": check.area, "severity": one.severity, "what": one.what,
                     "where": one.where, "remedy": one.remedy, "mended": one in mended}
                    for check, one in found
                ]
            )  # fmt: skip
        if any(one.severity == "error" and one not in mended for _, one in found):
            sys.exit(1)

    def _say(self, check: Check, finding: Finding) -> None:
        where = f"{finding.where}: " if finding.where else ""
        self.out.say(
            f"{finding.severity:<7}  {check.area}: {where}{finding.what}", STYLES[finding.severity]
        )
        if finding.remedy:
            self.out.say(f"         {finding.remedy}")

    def _mend(self, found: Sequence[tuple[Check, Finding]]) -> list[Finding]:
        mended = []
        for check, finding in found:
            if finding.repair is None:
                continue
            try:
                enqueue(finding.repair())
            except OcimError as error:
                self.out.say(f"not mended: {check.area}: {finding.where}: {error}", style="red")
            else:
                mended.append(finding)
                self.out.say(f"mended: {check.area}: {finding.where}", style="green")
        return mended
