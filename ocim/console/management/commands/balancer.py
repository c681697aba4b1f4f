"""`ocim balancer`: the balancer's processes, and whether it serves what it should."""

import argparse

from django.conf import settings
from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.operations.balancing import sync
from ocim.processes import balancer
from ocim.store.models import LoadBalancingServer
from ocim.wiring import context


class Command(OcimCommand):
    help = "Run the balancer, or bring it to what the database says."
    examples = """examples:
  ocim balancer run edge      the part that holds the ports and the certificates
  ocim balancer run router    the part that knows the app servers
  ocim balancer sync          apply what the database wants, now
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        run = add("run", self.run, "become one of its two processes, in the foreground")
        run.add_argument("role", choices=balancer.ROLES)
        add("sync", self.sync, "apply what the database wants, now")

    def run(self, given: argparse.Namespace) -> None:
        balancer.become(settings.OCIM, given.role)

    def sync(self, given: argparse.Namespace) -> None:
        for server in LoadBalancingServer.objects.order_by("id"):
            done = sync(balancer_id=server.pk, context=context())
            self.out.say(f"{server}: {'up to date' if done else 'another process is at it'}")
