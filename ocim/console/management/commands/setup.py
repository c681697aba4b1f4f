"""`ocim setup`: preparation of an installation, once and after every update."""

import argparse

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.master_key import ensure_master_key
from ocim.operations.first_install import ensure_admin, ensure_shared_servers


class Command(OcimCommand):
    help = (
        "Prepare the installation: migrate the database; create the master key, the shared servers"
        " and the first administrator if they are missing."
    )
    requires_system_checks = ()  # there may be no master key yet
    examples = """examples:
  ocim setup     in production, before the services are started; `ocim up` does this, too
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Set `setup` as what runs; there are no options."""
        parser.set_defaults(run=self.setup)

    def setup(self, options: argparse.Namespace) -> None:
        """Prepare the installation, and print a new administrator's password."""
        ensure_master_key(settings.OCIM.var)
        self.check()
        call_command("migrate", verbosity=0)
        ensure_shared_servers(databases=settings.OCIM.var / "databases")
        if password := ensure_admin(name="admin"):
            self.out.say(f"Sign in as admin with the password {password} (shown only this once).")
