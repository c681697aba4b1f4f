"""`ocim web`: serves the manager's pages."""

import argparse
import os

from django.conf import settings
from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand


class Command(OcimCommand):
    help = "Serve the manager's pages at OCIM_WEB_ADDRESS, in the foreground."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.set_defaults(run=self.serve)

    def serve(self, given: argparse.Namespace) -> None:
        host, _, port = settings.OCIM.web_address.rpartition(":")
        # Event streams stay open as long as somebody looks; the server does not wait for them.
        os.execvp(  # noqa: S606
            "uvicorn",
            ["uvicorn", "ocim.project.asgi:application", "--host", host, "--port", port,
             "--timeout-graceful-shutdown", "2", "--lifespan", "off", "--no-access-log"],
        )  # fmt: skip
