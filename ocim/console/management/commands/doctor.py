"""`ocim doctor`: checks of this installation, each with a remedy."""

import argparse
import sys
from collections.abc import Sequence

from django.core.management.base import CommandParser

from ocim.console import machine
from ocim.console.command import OcimCommand
from ocim.console.shared_options import add_json
from ocim.core.errors import OcimError
from ocim.operations import doctor
from ocim.operations.findings import Check, Finding, examine, repair
from ocim.tasks import enqueue
from ocim.wiring import context

STYLES = {"ok": "green", "warning": "yellow", "error": "red"}


class Command(OcimCommand):
    help = "Check this installation; print every problem with its remedy."
    requires_system_checks = ()  # their findings are printed with the others
    examples = """examples:
  ocim doctor
  ocim doctor --fix
  ocim doctor --json

exit status: 0 no errors (there may be warnings), 1 errors
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--fix",
            action="store_true",
            help="Repair what can be repaired without harm: destroy orphaned hosts and leftover"
            " resources, update the balancer, queue forgotten jobs again, restrict files to their"
            " owner.",
        )
        add_json(parser)
        parser.set_defaults(run=self.diagnose)

    def diagnose(self, options: argparse.Namespace) -> None:
        """Print the findings of every check; exit with 1 if errors remain."""
        results: list[tuple[Check, Finding]] = []
        for check, findings in examine((*machine.CHECKS, *doctor.CHECKS), context()):
            for finding in findings:
                results.append((check, finding))
                self._say(check, finding)
        repaired = self._repair(results) if options.fix else []
        if self.out.as_json:
            self.out.data(
                [
                    {
                        "area": check.area,
                        "severity": finding.severity,
                        "what": finding.what,
                        "where": finding.where,
                        "remedy": finding.remedy,
                        "mended": finding in repaired,
                    }
                    for check, finding in results
                ]
            )
        if any(finding.severity == "error" and finding not in repaired for _, finding in results):
            sys.exit(1)

    def _say(self, check: Check, finding: Finding) -> None:
        where = f"{finding.where}: " if finding.where else ""
        self.out.say(
            f"{finding.severity:<7}  {check.area}: {where}{finding.what}", STYLES[finding.severity]
        )
        if finding.remedy:
            self.out.say(f"         {finding.remedy}")

    def _repair(self, results: Sequence[tuple[Check, Finding]]) -> list[Finding]:
        """Repair the findings that can be, and return those that were repaired."""
        repaired = []
        for check, finding in results:
            if finding.repair is None:
                continue
            try:
                enqueue(repair(check, finding))
            except OcimError as error:
                self.out.say(f"not repaired: {check.area}: {finding.where}: {error}", style="red")
            else:
                repaired.append(finding)
                self.out.say(f"repaired: {check.area}: {finding.where}", style="green")
        return repaired
