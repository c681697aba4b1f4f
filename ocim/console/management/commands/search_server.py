"""`ocim search-server`: the Elasticsearch servers that hold course discovery's indexes."""

import argparse

from django.core.management.base import CommandParser

from ocim.console.server_command import ServerCommand
from ocim.operations import search_servers
from ocim.presentation.servers import KINDS
from ocim.wiring import context

VARIABLE = "OCIM_SEARCH_PASSWORD"
"""Environment variable with the password of a search server's user."""


class Command(ServerCommand):
    help = "Create, register, list and remove the search servers that instances share."
    kind = KINDS["search"]
    password = VARIABLE
    examples = f"""examples:
  ocim search-server create main --provider nspawn
  ocim search-server register main https://search.example.com:9200 < password.txt
  {VARIABLE}=… ocim search-server register main http://10.0.0.9:9200 --user admin
  ocim search-server list
  ocim search-server show main --json
  ocim search-server logs main --follow
  ocim search-server cancel main
  ocim search-server remove main
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        register = self.add_common(
            self.subcommands(parser),
            create="Create a search server on a new host.",
            show="Show a search server, its health and its instances.",
            user=search_servers.ADMIN,
            right="create other users",
        )["register"]
        register.add_argument(
            "url",
            metavar="URL",
            help="Its address without user and password, such as https://search.example.com:9200.",
        )
        register.add_argument(
            "--version",
            default="",
            help="Version that the server must have, such as 7 or 7.17.0 (default: any that course"
            " discovery supports).",
        )

    def register(self, options: argparse.Namespace) -> None:
        """Register an existing search server, and print its version."""
        server = search_servers.register(
            name=options.name,
            url=options.url,
            user=options.user,
            password=self.read_password(),
            version=options.version,
            context=context(),
        )
        self.out.say(f"Registered {server}: Elasticsearch {server.version} at {server.url}")
        self.print_for_scripts(server)
