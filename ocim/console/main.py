"""The `ocim` script, and `manage.py`: Django's management commands under one name."""

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
from ocim.core.umasks import PRIVATE

APP = "ocim.console"
DASHED = {"search-server": "search_server"}
"""Commands that are typed with a dash, which no module's name can have."""


class Ocim(ManagementUtility):
    """Django's, with a help that begins with Ocim's own commands."""

    def main_help_text(self, commands_only: bool = False) -> str:
        """What each of Ocim's commands does, then the names of the others."""
        commands = get_commands()
        if commands_only:
            return "\n".join(sorted(commands))
        own = {name: command_class(name).help for name in own_commands()}
        width = max(map(len, own), default=0)
        return "\n".join(
            [
                f"usage: {self.prog_name} COMMAND …",
                "",
                *(f"  {name:<{width}}  {about}" for name, about in own.items()),
                "",
                f"`{self.prog_name} COMMAND --help` says more.",
                "Django's are there, too: migrate, createsuperuser, changepassword, shell, and",
                f"what `{self.prog_name} help --commands` lists besides.",
            ]
        )

    def fetch_command(self, subcommand: str) -> BaseCommand:
        return super().fetch_command(DASHED.get(subcommand, subcommand))


def own_commands() -> list[str]:
    """The names of Ocim's commands, as they are typed."""
    typed = {module: name for name, module in DASHED.items()}
    return sorted(typed.get(name, name) for name, app in get_commands().items() if app == APP)


def command_class(name: str) -> BaseCommand:
    """The command that is typed so."""
    return load_command_class(APP, DASHED.get(name, name))


def main() -> None:
    """Run the command that the arguments name."""
    os.umask(PRIVATE)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocim.project.settings")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal may not know all of a name's letters
            stream.reconfigure(errors="replace")
    try:
        Ocim(sys.argv).execute()
    except DatabaseError as error:  # of Django's own commands
        sys.exit(f"Error: {error_text(database_error(error))}")
