"""`ocim down`: stop the installation on this machine."""

import argparse
import contextlib
import os
import signal
import time
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandParser

from ocim.console import lifecycle
from ocim.console.command import OcimCommand
from ocim.core.errors import Conflict

PATIENCE = 300.0
"""Maximum number of seconds to wait for `ocim up` to stop everything."""
PAUSE = 0.2
"""Seconds between two attempts to take its lock."""


class Command(OcimCommand):
    help = "Stop everything that `ocim up` started, and the app servers on this machine."
    examples = """examples:
  ocim down
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Set `down` as what runs; there are no options."""
        parser.set_defaults(run=self.down)

    def down(self, options: argparse.Namespace) -> None:
        """Stop everything. Raise Conflict if `ocim up` does not end in time."""
        var = settings.OCIM.var
        deadline = time.monotonic() + PATIENCE
        _request_stop(var)
        while True:
            with contextlib.suppress(Conflict), lifecycle.only_one(var):
                lifecycle.stop()
                self.out.say("Stopped.")
                return
            if time.monotonic() > deadline:
                raise Conflict(
                    f"`ocim up` in {var} did not end within {PATIENCE:g} s.",
                    remedy=f"Look into {lifecycle.log_file()}, then try again.",
                )
            time.sleep(PAUSE)


def _request_stop(var: Path) -> None:
    """Send SIGTERM to a running `ocim up`, which then stops everything."""
    with contextlib.suppress(Conflict), lifecycle.only_one(var):
        return
    with contextlib.suppress(ProcessLookupError, ValueError):  # it has just started or just ended
        os.kill(int((var / "up.lock").read_text()), signal.SIGTERM)
