"""`ocim balancer`: the balancer's two processes and its configuration."""

import argparse

from django.conf import settings
from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.operations.balancing import sync
from ocim.processes import balancer
from ocim.store.models import LoadBalancingServer
from ocim.wiring import context


class Command(OcimCommand):
    help = "Run the balancer's processes; apply the routes that the database has."
    examples = """examples:
  ocim balancer run edge      the process with the public ports and the certificates
  ocim balancer run router    the process that sends requests to app servers
  ocim balancer sync
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        run = add("run", self.run, "Run one of the balancer's two processes in the foreground.")
        run.add_argument("role", choices=balancer.ROLES, help="Process to run.")
        add("sync", self.sync, "Apply the routes that the database has, now.")

    def run(self, options: argparse.Namespace) -> None:
        """Replace this process with a balancer process."""
        balancer.become(settings.OCIM, options.role)

    def sync(self, options: argparse.Namespace) -> None:
        """Apply the database's routes to every balancer."""
        for server in LoadBalancingServer.objects.order_by("id"):
            is_done = sync(balancer_id=server.pk, context=context())
            state = "up to date" if is_done else "another process is updating it; try again"
            self.out.say(f"{server}: {state}")
