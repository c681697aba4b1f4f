"""`ocim search-server`: the Elasticsearch servers that hold course discovery's indexes."""

import argparse
from collections.abc import Mapping

from django.core.management.base import CommandParser

from ocim.console.server_command import ServerCommand
from ocim.core.errors import PermanentError, TransientError
from ocim.core.texts import plural
from ocim.operations import search_servers
from ocim.store.models import SearchServer
from ocim.store.specs import search_host, search_place
from ocim.wiring import context

VARIABLE = "OCIM_SEARCH_PASSWORD"
"""Environment variable with the password of a search server's user."""


class Command(ServerCommand):
    help = "Create, register, list and remove the search servers that instances share."
    what = "search server"
    data = "all indexes"
    password = VARIABLE
    servers = search_servers
    model = SearchServer
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

    def facts(self, server: SearchServer) -> dict[str, object]:
        """Return the server's address, health, and the indexes of each instance."""
        unfinished = self.unfinished(server, search_servers.RECIPE.command)
        health, indexes = (unfinished, {}) if unfinished else _examine(server)
        return {
            "name": server.name,
            "url": server.url if server.host else None,
            "version": server.version,
            "health": health,
            "accepts new": server.accepts_new_clients,
            "host": server.own_host and server.own_host.name,
            "provider": server.own_host and server.own_host.provider,
            "instances": [
                f"{instance} as {place.user}: {_indexes(indexes, place.index_prefix)}"
                for instance in server.openedxinstance_set.order_by("id")
                if (place := search_place(instance))
            ],
        }


def _examine(server: SearchServer) -> tuple[str, Mapping[str, int]]:
    """Return the server's health in words, and the number of documents per index."""
    adapter = context().adapters.search[server.kind]
    try:
        adapter.examine(search_host(server))
        return "ok", adapter.indexes(search_host(server), "")
    except (TransientError, PermanentError) as error:
        return str(error), {}


def _indexes(indexes: Mapping[str, int], prefix: str) -> str:
    """Return the number of indexes with a prefix, and of their documents, in words."""
    own = [count for name, count in indexes.items() if name.startswith(prefix)]
    return f"{plural(len(own), 'index', 'indexes')}, {plural(sum(own), 'document')}"
