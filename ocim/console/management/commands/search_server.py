"""`ocim search-server`: where course discovery's indexes are."""

import argparse
import getpass
import os
import sys
from collections.abc import Mapping

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.core.errors import Conflict, PermanentError, TransientError
from ocim.core.provisioning import ProvisionEvent
from ocim.core.secrets import Secret
from ocim.core.texts import plural
from ocim.operations import search_servers
from ocim.store.models import SearchServer
from ocim.store.specs import search_host, search_place
from ocim.wiring import context

VARIABLE = "OCIM_SEARCH_PASSWORD"


class Command(OcimCommand):
    help = "The servers of course discovery's search indexes, which instances share."
    examples = f"""examples:
  ocim search-server create main --provider nspawn
  ocim search-server register main https://search.example.com:9200 < password.txt
  {VARIABLE}=… ocim search-server register main http://10.0.0.9:9200 --user admin
  ocim search-server show main --json
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        create = add("create", self.create, "make one on a host of its own", json=True)
        create.add_argument("--provider", default="local", help="the kind of the host")
        create.add_argument("--flavor", default="", help="the host's size")
        register = add("register", self.register, "enter one that is there", json=True)
        register.add_argument("name")
        register.add_argument("url", help="as https://search.example.com:9200, without an account")
        register.add_argument("--user", default=search_servers.ADMIN, help="who may make accounts")
        register.add_argument("--version", default="", help="what it has to be, as 7 or 7.17.0")
        register.description = (
            f"Its password is read from {VARIABLE} where that is set, else from standard input."
        )
        add("list", self.list, "all of them, and how many instances use each", json=True)
        show = add("show", self.show, "one of them, asked how it is", json=True)
        remove = add("remove", self.remove, "forget one that no instance uses", json=True)
        remove.add_argument("--yes", action="store_true", help="do not ask")
        for command in (create, show, remove):
            command.add_argument("name")

    def create(self, given: argparse.Namespace) -> None:
        server = search_servers.create(
            name=given.name,
            provider=given.provider,
            flavor=given.flavor,
            context=context(),
            on_event=self._tell,
        )
        self.out.say(f"Made {server} at {server.url}")
        self._facts(server, only_for_scripts=True)

    def register(self, given: argparse.Namespace) -> None:
        server = search_servers.register(
            name=given.name,
            url=given.url,
            user=given.user,
            password=_password(),
            version=given.version,
            context=context(),
        )
        self.out.say(f"Registered {server}: Elasticsearch {server.version} at {server.url}")
        self._facts(server, only_for_scripts=True)

    def list(self, given: argparse.Namespace) -> None:
        self.out.rows(
            ("name", "url", "version", "instances", "accepts new", "host"),
            [
                (one.name, one.url if one.host else "", one.version,
                 one.openedxinstance_set.count(), one.accepts_new_clients,
                 one.made_on and one.made_on.name)
                for one in SearchServer.objects.select_related("made_on").order_by("name")
            ],
        )  # fmt: skip

    def show(self, given: argparse.Namespace) -> None:
        self._facts(search_servers.find(given.name))

    def remove(self, given: argparse.Namespace) -> None:
        server = search_servers.find(given.name)
        if server.made_on and not server.openedxinstance_set.exists():
            self.confirm(f"Take {server} away with its host, and all indexes on it?", given.yes)
        search_servers.remove(name=given.name, context=context())
        self.out.say(f"Removed {server}.")
        if self.out.as_json:
            self.out.data({"removed": server.name})

    def _facts(self, server: SearchServer, *, only_for_scripts: bool = False) -> None:
        if only_for_scripts and not self.out.as_json:
            return
        health, indexes = _asked(server)
        self.out.facts(
            {
                "name": server.name,
                "url": server.url if server.host else None,
                "version": server.version,
                "health": health,
                "accepts new": server.accepts_new_clients,
                "host": server.made_on and server.made_on.name,
                "provider": server.made_on and server.made_on.provider,
                "instances": [
                    f"{one} as {its.user}: {_indexes(indexes, its.index_prefix)}"
                    for one in server.openedxinstance_set.order_by("id")
                    if (its := search_place(one))
                ],
            }
        )

    def _tell(self, event: ProvisionEvent) -> None:
        if event.level in ("warning", "error") or event.status == "changed":
            self.out.say(f"{event.time:%H:%M:%S} {event.text}")


def _asked(server: SearchServer) -> tuple[str, Mapping[str, int]]:
    """How it is, and the indexes on it."""
    if not server.version:
        return f"unfinished: `ocim search-server create {server}` goes on", {}
    adapters = context().adapters.search[server.kind]
    try:
        adapters.examine(search_host(server))
        return "ok", adapters.indexes(search_host(server), "")
    except (TransientError, PermanentError) as error:
        return str(error), {}


def _indexes(indexes: Mapping[str, int], prefix: str) -> str:
    own = [count for name, count in indexes.items() if name.startswith(prefix)]
    return f"{plural(len(own), 'index', 'indexes')}, {plural(sum(own), 'document')}"


def _password() -> Secret:
    if text := os.environ.get(VARIABLE):
        return Secret(text)
    text = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise Conflict(
            "No password was given.", remedy=f"Set {VARIABLE}, or give it by standard input."
        )
    return Secret(text)
