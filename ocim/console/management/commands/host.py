"""`ocim host`: the machines and processes that app servers run on."""

import argparse

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.core.errors import TransientError
from ocim.operations import hosts
from ocim.store.models import OpenEdXAppServer, SearchServer
from ocim.wiring import context


class Command(OcimCommand):
    help = "See the hosts that there are; start and stop those of this machine."
    examples = """examples:
  ocim host list
  ocim host start     after the machine was restarted; `ocim up` does it itself
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        add("list", self.list, "all hosts, and which app server each is for", json=True)
        start = add("start", self.start, "start those of app servers that run or are being made")
        stop = add("stop", self.stop, "stop all; what is on them stays")
        for command in (start, stop):
            command.add_argument(
                "--provider", default="local", choices=context().adapters.providers
            )

    def list(self, given: argparse.Namespace) -> None:
        appservers = {
            one.server.name: one
            for one in OpenEdXAppServer.objects.select_related("server", "instance")
            if one.server
        }
        search = set(
            SearchServer.objects.exclude(made_on=None).values_list("made_on__name", flat=True)
        )
        self.out.rows(
            ("host", "provider", "app server", "instance", "state"),
            [
                (name, kind, one and one.pk, one and one.instance.internal_lms_domain,
                 one.state if one else "search server" if name in search else "orphan")
                for kind, provider in context().adapters.providers.items()
                for name in provider.list()
                for one in [appservers.get(name)]
            ],
        )  # fmt: skip

    def start(self, given: argparse.Namespace) -> None:
        lost = hosts.start_all(provider=given.provider, context=context())
        if lost:
            raise TransientError(f"These did not start: {', '.join(lost)}.")
        self.out.say("Started.")

    def stop(self, given: argparse.Namespace) -> None:
        stopped = hosts.stop_all(provider=given.provider, context=context())
        self.out.say(f"Stopped: {', '.join(stopped) or 'none was there'}.")
