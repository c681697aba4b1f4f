"""`ocim web`: serves the manager's pages."""

import argparse

from django.conf import settings
from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.web_server import serve
from ocim.processes import sockets, supervisor


class Command(OcimCommand):
    help = "Serve the manager's pages at OCIM_WEB_ADDRESS, in the foreground."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.set_defaults(run=self.serve)

    def serve(self, given: argparse.Namespace) -> None:
        run = supervisor.run_directory()
        held = sockets.wait_for(run, ["web"]) if run else sockets.from_systemd()
        host, _, port = settings.OCIM.web_address.rpartition(":")
        serve(host, int(port), held.get("web"))
