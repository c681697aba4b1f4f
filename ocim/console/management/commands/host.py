"""`ocim host`: the hosts that app servers and search servers run on."""

import argparse

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.core.errors import TransientError
from ocim.operations import hosts
from ocim.store.models import HostedServer, OpenEdXAppServer
from ocim.wiring import context


class Command(OcimCommand):
    help = "List all hosts; start and stop those on this machine."
    examples = """examples:
  ocim host list
  ocim host start     after a restart of the machine; `ocim up` does this, too
  ocim host stop --provider nspawn
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        add("list", self.list, "List all hosts, each with its app server.", json=True)
        start = add(
            "start", self.start, "Start the hosts of app servers that run or are being provisioned."
        )
        stop = add("stop", self.stop, "Stop all hosts; their files are kept.")
        for command in (start, stop):
            command.add_argument(
                "--provider",
                default="local",
                choices=context().adapters.providers,
                help="Kind of hosts (default: local).",
            )

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of hosts; an orphan belongs to no app server and no shared server."""
        appservers = {
            appserver.server.name: appserver
            for appserver in OpenEdXAppServer.objects.select_related("server", "instance")
            if appserver.server
        }
        servers = {
            name: str(kind._meta.verbose_name)
            for kind in HostedServer.__subclasses__()
            for name in kind._default_manager.values_list("own_host__name", flat=True)
        }
        self.out.rows(
            ("host", "provider", "app server", "instance", "state"),
            [
                (name, kind, *_owner(appservers.get(name), servers.get(name, "orphan")))
                for kind, provider in context().adapters.providers.items()
                for name in provider.list()
            ],
        )

    def start(self, options: argparse.Namespace) -> None:
        """Start hosts. Raise TransientError with those that do not start."""
        failed = hosts.start_all(provider=options.provider, context=context())
        if failed:
            raise TransientError(
                f"Hosts that did not start: {', '.join(failed)}.",
                remedy="`ocim host list` shows which app servers they belong to.",
            )
        self.out.say("Started.")

    def stop(self, options: argparse.Namespace) -> None:
        """Stop hosts, and print their names."""
        stopped = hosts.stop_all(provider=options.provider, context=context())
        self.out.say(f"Stopped: {', '.join(stopped) or 'none'}.")


def _owner(
    appserver: OpenEdXAppServer | None, otherwise: str
) -> tuple[int | None, str | None, str]:
    """Return a host's app server, its instance's domain, and its state or `otherwise`."""
    if appserver:
        return appserver.pk, appserver.instance.internal_lms_domain, appserver.state
    return None, None, otherwise
