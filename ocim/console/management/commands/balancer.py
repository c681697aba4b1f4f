"""`ocim balancer`: the balancer's processes, its state and its configuration."""

import argparse
import sys

from django.conf import settings
from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.shared_options import add_json
from ocim.operations.balancing import sync
from ocim.presentation import servers
from ocim.processes import balancer
from ocim.store.models import LoadBalancingServer
from ocim.wiring import context


class Command(OcimCommand):
    help = "Run the balancer's processes; show its state; apply the routes that the database has."
    examples = """examples:
  ocim balancer run edge      the process with the public ports and the certificates
  ocim balancer run router    the process that sends requests to app servers
  ocim balancer run control   the process that takes routes from managers on other machines
  ocim balancer show
  ocim balancer sync
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        run = add("run", self.run, "Run one of the balancer's processes in the foreground.")
        run.add_argument("role", choices=balancer.ROLES, help="Process to run.")
        show = add("show", self.show, "Show whether the balancer serves what the database has.")
        add_json(show)
        add("sync", self.sync, "Apply the routes that the database has, now.")

    def run(self, options: argparse.Namespace) -> None:
        """Replace this process with a balancer process."""
        balancer.become(settings.OCIM, options.role)

    def show(self, options: argparse.Namespace) -> None:
        """Print each balancer's address, certificates and state; exit with 1 if it lags behind."""
        states = servers.balancers()
        for state in states:
            if not self.out.as_json:
                self.out.facts(state)
        if self.out.as_json:
            self.out.data(states)
        if not all(state["up to date"] for state in states):
            sys.exit(1)

    def sync(self, options: argparse.Namespace) -> None:
        """Apply the database's routes to every balancer."""
        for server in LoadBalancingServer.objects.order_by("id"):
            is_done = sync(balancer_id=server.pk, context=context())
            state = "up to date" if is_done else "another process is updating it; try again"
            self.out.say(f"{server}: {state}")
