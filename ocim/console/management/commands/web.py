"""`ocim web`: the server of the manager's pages."""

import argparse
from contextlib import suppress

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import OperationalError

from ocim.console.command import OcimCommand
from ocim.console.readiness import require_schema
from ocim.console.web_server import serve
from ocim.processes import sockets, supervisor


class Command(OcimCommand):
    help = "Serve the manager's pages at OCIM_WEB_ADDRESS, in the foreground."
    examples = """examples:
  ocim web
  OCIM_WEB_ADDRESS=127.0.0.1:5001 ocim web
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Set `serve` as what runs; there are no options."""
        parser.set_defaults(run=self.serve)

    def serve(self, options: argparse.Namespace) -> None:
        """Serve pages until a signal ends this process, on open sockets if it inherits some."""
        with suppress(OperationalError):  # without a database, pages say so themselves
            require_schema()
        run = supervisor.run_directory()
        held = sockets.wait_for(run, ["web"]) if run else sockets.from_systemd()
        host, _, port = settings.OCIM.web_address.rpartition(":")
        serve(host, int(port), held.get("web"))
