"""`ocim services`: ecommerce and course discovery."""

import argparse

from django.core.management.base import CommandParser

from ocim.console import verifying
from ocim.console.command import OcimCommand
from ocim.store.selectors import find_instance


class Command(OcimCommand):
    help = "Ecommerce and course discovery of an instance."
    examples = """examples:
  ocim services verify campus.example.com
  ocim services verify campus.example.com --purchase
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        verify = add("verify", self.verify, "try both as their users would", json=True)
        verify.add_argument("instance", help="its domain, name or number")
        verify.add_argument(
            "--purchase", action="store_true", help="buy a course, in the processors' sandboxes"
        )

    def verify(self, given: argparse.Namespace) -> None:
        verifying.run(find_instance(given.instance), purchase=given.purchase, out=self.out)
