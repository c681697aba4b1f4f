"""The `ocim` script, and `manage.py`: Django's management commands under one name."""

import os
import sys

from django.core.management import ManagementUtility, get_commands, load_command_class
from django.db import DatabaseError

from ocim.console.command import in_words, of_database

APP = "ocim.console"


class Ocim(ManagementUtility):
    """Django's, with a help that begins with Ocim's own commands."""

    def main_help_text(self, commands_only: bool = False) -> str:
        """What each of Ocim's commands does, then the names of the others."""
        commands = get_commands()
        if commands_only:
            return "\n".join(sorted(commands))
        own = {name: load_command_class(APP, name).help for name in own_commands()}
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


def own_commands() -> list[str]:
    """The names of Ocim's commands."""
    return sorted(name for name, app in get_commands().items() if app == APP)


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocim.project.settings")
    try:
        Ocim(sys.argv).execute()
    except DatabaseError as error:  # of Django's own commands
        sys.exit(f"Error: {in_words(of_database(error))}")
