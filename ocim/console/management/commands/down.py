"""`ocim down`: the end of what `ocim up` started."""

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
"""Seconds that an `ocim up` is given to stop everything."""


class Command(OcimCommand):
    help = "Stop what `ocim up` started, app servers on this machine included."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.set_defaults(run=self.down)

    def down(self, given: argparse.Namespace) -> None:
        var = settings.OCIM.var
        deadline = time.monotonic() + PATIENCE
        _tell(var)
        while True:
            with contextlib.suppress(Conflict), lifecycle.only_one(var):
                lifecycle.stop()
                self.out.say("Stopped.")
                return
            if time.monotonic() > deadline:
                raise Conflict(f"`ocim up` in {var} did not end in {PATIENCE:g} s.")
            time.sleep(0.2)


def _tell(var: Path) -> None:
    """Ask an `ocim up` that runs to stop everything."""
    with contextlib.suppress(Conflict), lifecycle.only_one(var):
        return
    with contextlib.suppress(ProcessLookupError, ValueError):  # it just begins, or just ended
        os.kill(int((var / "up.lock").read_text()), signal.SIGTERM)
