"""`ocim setup`: what an installation needs once, and after every update."""

import argparse

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.master_key import ensure_master_key
from ocim.operations.setup import ensure_admin, ensure_shared_servers


class Command(OcimCommand):
    help = (
        "Bring the database up to date; make the master key, what instances share, and an admin,"
        " where there are none."
    )
    requires_system_checks = ()  # there may be no master key yet
    examples = """examples:
  ocim setup          in production, before the services are started; `ocim up` does it itself
"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.set_defaults(run=self.setup)

    def setup(self, given: argparse.Namespace) -> None:
        ensure_master_key(settings.OCIM.var)
        self.check()
        call_command("migrate", verbosity=0)
        ensure_shared_servers(databases=settings.OCIM.var / "databases")
        if password := ensure_admin(name="admin"):
            self.out.say(f"Sign in as admin with the password {password} (shown only this once).")
