"""The script `ocim`, which is also `manage.py`: it runs Ocim's and Django's commands."""

import gc
import os
import sys
from io import TextIOWrapper

from django.core.management import (
    BaseCommand,
    ManagementUtility,
    get_commands,
    load_command_class,
)
from django.db import DatabaseError

from ocim.console.command import database_error, error_text
from ocim.console.overview import DASHED, overview

APP = "ocim.console"
PRIVATE_UMASK = 0o077
"""File mode creation mask of Ocim's processes: only their user may read their files."""


class Ocim(ManagementUtility):
    """Django's utility, with a help text that lists Ocim's own commands first."""

    def main_help_text(self, commands_only: bool = False) -> str:
        """Return Ocim's overview, or only the names of all commands."""
        return "\n".join(sorted(get_commands())) if commands_only else overview(self.prog_name)

    def fetch_command(self, subcommand: str) -> BaseCommand:
        """Return the command; from now on garbage is collected, except in what is imported."""
        command = super().fetch_command(DASHED.get(subcommand, subcommand))
        gc.freeze()
        gc.enable()
        return command


def command_class(name: str) -> BaseCommand:
    """Return a new command by the name that operators type."""
    return load_command_class(APP, DASHED.get(name, name))


def main() -> None:
    """Run the command that the arguments name."""
    os.umask(PRIVATE_UMASK)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocim.project.settings")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal may not know all of a name's letters
            stream.reconfigure(errors="replace")
    try:
        Ocim(sys.argv).execute()
    except DatabaseError as error:  # of Django's own commands
        sys.exit(f"Error: {error_text(database_error(error))}")
