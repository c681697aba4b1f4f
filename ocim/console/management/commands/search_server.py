"""`ocim search-server`: the Elasticsearch servers that hold course discovery's indexes."""

import argparse
from collections.abc import Mapping
from functools import partial

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.log_lines import print_log
from ocim.console.passwords import read_password
from ocim.console.progress import cancellation_text, follow
from ocim.console.shared_options import add_no_wait, add_yes
from ocim.core.errors import PermanentError, TransientError
from ocim.core.texts import plural
from ocim.operations import jobs, search_servers, shared_servers
from ocim.store.models import SearchServer
from ocim.store.selectors import open_jobs, server_log_after
from ocim.store.specs import search_host, search_place
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name

VARIABLE = "OCIM_SEARCH_PASSWORD"
"""Environment variable with the password of a search server's user."""


class Command(OcimCommand):
    help = "Create, register, list and remove the search servers that instances share."
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
        add = self.subcommands(parser)
        create = add("create", self.create, "Create a search server on a new host.", json=True)
        create.add_argument(
            "--provider", default="local", help="Kind of host to create (default: local)."
        )
        create.add_argument(
            "--flavor", default="", help="Size of the host (default: the provider's default)."
        )
        register = add(
            "register", self.register, "Register a search server that exists already.", json=True
        )
        register.add_argument("name", metavar="NAME", help="New name of the search server.")
        register.add_argument(
            "url",
            metavar="URL",
            help="Its address without user and password, such as https://search.example.com:9200.",
        )
        register.add_argument(
            "--user",
            default=search_servers.ADMIN,
            help=f"User that may create other users (default: {search_servers.ADMIN}).",
        )
        register.add_argument(
            "--version",
            default="",
            help="Version that the server must have, such as 7 or 7.17.0 (default: any that course"
            " discovery supports).",
        )
        register.description = (
            "Register a search server that exists already. The user's password is read from"
            f" {VARIABLE} if that is set, else from standard input."
        )
        add("list", self.list, "List search servers and their number of instances.", json=True)
        show = add(
            "show", self.show, "Show a search server, its health and its instances.", json=True
        )
        remove = add(
            "remove",
            self.remove,
            "Remove a search server that no instance uses; destroy its host if Ocim created it.",
            json=True,
        )
        add_yes(remove)
        logs = add("logs", self.logs, "Print the log of a search server's creation.", json=True)
        logs.add_argument(
            "--follow", action="store_true", help="Keep printing until the creation has ended."
        )
        cancel = add("cancel", self.cancel, "Stop the creation of a search server.")
        add_no_wait(create)
        create.add_argument("name", metavar="NAME", help="New name of the search server.")
        for command in (show, remove, logs, cancel):
            command.add_argument("name", metavar="NAME", help="Name of the search server.")

    def create(self, options: argparse.Namespace) -> None:
        """Submit the job that creates a search server; wait for it, and print the address."""
        server, job = search_servers.request_creation(
            name=options.name,
            provider=options.provider,
            flavor=options.flavor,
            queue=queue_name(),
            context=context(),
        )
        self.out.say(f"Creating search server {server}.")
        enqueue([jobs.wake_up(job)])
        if not options.no_wait:
            follow(job, self.out)
            server = search_servers.find(options.name)
            self.out.say(f"Created {server} at {server.url}")
        self._facts(server, only_for_scripts=True)

    def register(self, options: argparse.Namespace) -> None:
        """Register an existing search server, and print its version."""
        server = search_servers.register(
            name=options.name,
            url=options.url,
            user=options.user,
            password=read_password(VARIABLE),
            version=options.version,
            context=context(),
        )
        self.out.say(f"Registered {server}: Elasticsearch {server.version} at {server.url}")
        self._facts(server, only_for_scripts=True)

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of search servers."""
        self.out.rows(
            ("name", "url", "version", "instances", "accepts new", "host"),
            [
                (
                    server.name,
                    server.url if server.host else "",
                    server.version,
                    server.openedxinstance_set.count(),
                    server.accepts_new_clients,
                    server.own_host and server.own_host.name,
                )
                for server in SearchServer.objects.select_related("own_host").order_by("name")
            ],
        )

    def show(self, options: argparse.Namespace) -> None:
        """Print a search server's facts, as it answers now."""
        self._facts(search_servers.find(options.name))

    def remove(self, options: argparse.Namespace) -> None:
        """Remove a search server, after a confirmation if its host goes, too."""
        server = search_servers.find(options.name)
        if server.own_host and not server.openedxinstance_set.exists():
            self.confirm(f"Destroy {server} with its host and all indexes on it?", options.yes)
        search_servers.remove(name=options.name, context=context())
        self.out.say(f"Removed {server}.")
        if self.out.as_json:
            self.out.data({"removed": server.name})

    def logs(self, options: argparse.Namespace) -> None:
        """Print the log, and with --follow its new lines as they come."""
        server = search_servers.find(options.name)
        print_log(
            self.out,
            partial(server_log_after, server),
            lambda: options.follow and open_jobs(server).exists(),
        )

    def cancel(self, options: argparse.Namespace) -> None:
        """Request the cancellation of the search server's creation."""
        job = shared_servers.cancel(search_servers.find(options.name))
        enqueue([jobs.wake_up(job)])
        self.out.say(cancellation_text(job.queue))

    def _facts(self, server: SearchServer, *, only_for_scripts: bool = False) -> None:
        if only_for_scripts and not self.out.as_json:
            return
        health, indexes = _examine(server)
        self.out.facts(
            {
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
        )


def _examine(server: SearchServer) -> tuple[str, Mapping[str, int]]:
    """Return the server's health in words, and the number of documents per index."""
    if not server.version and open_jobs(server).exists():
        return f"in creation: `ocim search-server logs {server} --follow` shows it", {}
    if not server.version:
        return f"not finished: run `ocim search-server create {server}` again", {}
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
