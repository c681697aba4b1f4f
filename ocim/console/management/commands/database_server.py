"""`ocim database-server`: the servers of MySQL, MariaDB and PostgreSQL that instances share."""

import argparse
from pathlib import Path

from django.core.management.base import CommandParser

from ocim.console.server_command import ServerCommand
from ocim.console.shared_options import add_instance
from ocim.core.errors import ValidationError
from ocim.operations import database_servers, instance_databases
from ocim.presentation.servers import KINDS
from ocim.store.selectors import find_instance
from ocim.wiring import context

VARIABLE = "OCIM_DATABASE_PASSWORD"
"""Environment variable with the password of a database server's user."""


class Command(ServerCommand):
    help = "Create, register, list and remove the database servers that instances share."
    kind = KINDS["database"]
    password = VARIABLE
    examples = f"""examples:
  ocim database-server create main --provider nspawn
  ocim database-server register main mysql://db.example.com < password.txt
  {VARIABLE}=… ocim database-server register new postgresql://db.example.com --tls --user admin
  ocim database-server list
  ocim database-server show main --json
  ocim database-server logs main --follow
  ocim database-server cancel main
  ocim database-server rotate campus.example.com
  ocim database-server remove main
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        register = self.add_common(
            add,
            create="Create a MariaDB server on a new host.",
            show="Show a database server, its health, and the sizes of its databases.",
            user=database_servers.RECIPE.admin,
            right="create databases and other users",
        )["register"]
        register.add_argument(
            "url",
            metavar="URL",
            help=f"Its address without user and password: {database_servers.EXAMPLE}.",
        )
        register.add_argument(
            "--tls", action="store_true", help="Connect with TLS only, and check the certificate."
        )
        register.add_argument(
            "--authority",
            metavar="FILE",
            help="Certificate in PEM of the authority that signs the server's (default: any public"
            " authority); implies --tls.",
        )

        rotate = add(
            "rotate",
            self.rotate,
            "Give an instance other accounts for its databases, from its next app server on.",
        )
        add_instance(rotate)

    def rotate(self, options: argparse.Namespace) -> None:
        """Give an instance other accounts."""
        instance = find_instance(options.instance)
        instance_databases.rotate(instance=instance, context=context())
        self.out.say(
            f"{instance} has other accounts from its next app server on. The present ones work"
            " until the last app server that has them is terminated."
        )

    def register(self, options: argparse.Namespace) -> None:
        """Register an existing database server; print its version, and what should be otherwise."""
        server, problems = database_servers.register(
            name=options.name,
            url=options.url,
            user=options.user,
            password=self.read_password(),
            tls=options.tls,
            authority=_content(options.authority),
            context=context(),
        )
        self.out.say(f"Registered {server}: {server.version} at {server.url}")
        for problem in problems:
            self.out.say(f"Note: {problem}", style="yellow")
        self.print_for_scripts(server)


def _content(path: str | None) -> str:
    """Return the content of a file; empty without one. Raise ValidationError if it has none."""
    if path is None:
        return ""
    try:
        text = Path(path).expanduser().read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise ValidationError([f"--authority: cannot read {path}: {error}."]) from error
    if "BEGIN CERTIFICATE" not in text:
        raise ValidationError([f"--authority: {path} holds no certificate in PEM."])
    return text
