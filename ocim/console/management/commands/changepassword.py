"""`ocim changepassword`: another password; Django's leaves sessions, and no record in the log."""

import argparse

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.management.commands.user import VARIABLE
from ocim.console.passwords import read_password
from ocim.operations import people


class Command(OcimCommand):
    help = "Set another password for a person, and sign them out everywhere."
    examples = f"""examples:
  ocim changepassword mira
  {VARIABLE}=… ocim changepassword mira
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the account's name."""
        parser.add_argument("name", metavar="NAME", help="Name of the account.")
        parser.set_defaults(run=self.change)

    def change(self, options: argparse.Namespace) -> None:
        """Set the password that is typed or passed."""
        user = people.find(options.name)
        people.set_password(user=user, password=read_password(VARIABLE))
        self.out.say(f"{user} has another password, and is signed out everywhere.")
