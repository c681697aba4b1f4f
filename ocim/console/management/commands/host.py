"""`ocim host`: the hosts that app servers and search servers run on."""

import argparse

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.core.errors import TransientError
from ocim.operations import hosts
from ocim.presentation.hosts import COLUMNS, OF_POOL, pool_rows, rows
from ocim.wiring import context


class Command(OcimCommand):
    help = "List all hosts; start and stop those on this machine."
    examples = """examples:
  ocim host list
  ocim host start     after a restart of the machine; `ocim up` does this, too
  ocim host start appserver-12
  ocim host stop appserver-12
  ocim host stop --provider nspawn
  ocim host pool      the machines of OCIM_SSH_POOL
  ocim host readmit rack-2
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        add("list", self.list, "List all hosts, each with its app server.", json=True)
        add("pool", self.pool, "List the machines of the ssh pool, each with its host.", json=True)
        readmit = add(
            "readmit", self.readmit, "Let a machine of the pool that is kept out be used."
        )
        readmit.add_argument("machine", metavar="MACHINE", help="Name in the pool's file.")
        start = add(
            "start",
            self.start,
            "Start hosts: these, or those of app servers that run or are being provisioned.",
        )
        stop = add("stop", self.stop, "Stop hosts: these, or all; their files are kept.")
        for command in (start, stop):
            command.add_argument(
                "hosts", nargs="*", metavar="HOST", help="Name of a host (default: all)."
            )
            command.add_argument(
                "--provider",
                default="local",
                choices=context().adapters.providers,
                help="Kind of hosts (default: local).",
            )

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of hosts; an orphan belongs to no app server and no shared server."""
        self.out.rows(COLUMNS, [tuple(row.values()) for row in rows()])

    def pool(self, options: argparse.Namespace) -> None:
        """Print a table of the pool's machines, with the reasons why some must not be used."""
        self.out.rows(OF_POOL, [tuple(row.values()) for row in pool_rows()])

    def readmit(self, options: argparse.Namespace) -> None:
        """Let a machine be used again. Raise Conflict if it is not kept out."""
        hosts.readmit(options.machine)
        self.out.say(f"{options.machine} may be used again.")

    def start(self, options: argparse.Namespace) -> None:
        """Start hosts. Raise TransientError with those that do not start."""
        of, names = options.provider, options.hosts
        hosts.require(names, provider=of, context=context())
        if names:
            failed = hosts.start(names, provider=of, context=context())
        else:
            failed = hosts.start_all(provider=of, context=context())
        if failed:
            raise TransientError(
                f"Hosts that did not start: {', '.join(failed)}.",
                remedy="`ocim host list` shows which app servers they belong to.",
            )
        self.out.say("Started.")

    def stop(self, options: argparse.Namespace) -> None:
        """Stop hosts, and print their names."""
        of, names = options.provider, options.hosts
        hosts.require(names, provider=of, context=context())
        if names:
            hosts.stop(names, provider=of, context=context())
        else:
            names = hosts.stop_all(provider=of, context=context())
        self.out.say(f"Stopped: {', '.join(names) or 'none'}.")
