"""`ocim broker`: the RabbitMQ and Redis servers that carry instances' Celery messages."""

import argparse
from typing import Any

from django.core.management.base import CommandParser

from ocim.console.server_command import ServerCommand
from ocim.console.shared_options import add_instance
from ocim.operations import broker_servers, brokers
from ocim.presentation.servers import KINDS
from ocim.store.models import HostedServer, Job
from ocim.store.selectors import find_instance
from ocim.wiring import context

VARIABLE = "OCIM_BROKER_PASSWORD"
"""Environment variable with the password of a broker server's user."""


class Command(ServerCommand):
    help = "Create, register, list and remove the brokers of Celery's messages; assign instances."
    kind = KINDS["broker"]
    password = VARIABLE
    examples = f"""examples:
  ocim broker create main --provider nspawn
  ocim broker create campus --kind redis
  ocim broker register main https://mq.example.com:15671 < password.txt
  {VARIABLE}=… ocim broker register campus redis://redis.example.com
  ocim broker list
  ocim broker show main --json
  ocim broker assign campus.example.com main
  ocim broker rotate campus.example.com
  ocim broker logs main --follow
  ocim broker cancel main
  ocim broker remove main
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        parsers = self.add_common(
            add,
            create="Create a broker server on a new host.",
            show="Show a broker server, its health and its instances.",
            user=broker_servers.ADMIN,
            right="create other users",
        )
        parsers["create"].add_argument(
            "--kind",
            choices=sorted(broker_servers.RECIPES),
            help="Kind of broker (default: rabbitmq; redis on local hosts, for one instance).",
        )
        parsers["register"].add_argument(
            "url",
            metavar="URL",
            help=f"Its address without user and password: {broker_servers.EXAMPLE}.",
        )
        parsers["register"].add_argument(
            "--port",
            type=int,
            default=0,
            help="RabbitMQ's port for messages, without TLS (default: 5672).",
        )
        assign = add(
            "assign",
            self.assign,
            "Place an instance without a broker server on one, from its next app server on.",
        )
        rotate = add(
            "rotate",
            self.rotate,
            "Give an instance another account on its broker, from its next app server on.",
        )
        for command in (assign, rotate):
            add_instance(command)
        assign.add_argument("name", metavar="NAME", help="Name of the broker server.")

    def request(self, options: argparse.Namespace, **asked: Any) -> tuple[HostedServer, Job]:
        """Submit the job that creates a broker of the chosen kind."""
        return super().request(options, kind=options.kind or "")

    def register(self, options: argparse.Namespace) -> None:
        """Register an existing broker, and print its version."""
        server = broker_servers.register(
            name=options.name,
            url=options.url,
            user=options.user,
            password=self.read_password(),
            port=options.port,
            context=context(),
        )
        kind = {"rabbitmq": "RabbitMQ", "redis": "Redis"}[server.kind]
        self.out.say(f"Registered {server}: {kind} {server.version} at {server.url}")
        self.print_for_scripts(server)

    def assign(self, options: argparse.Namespace) -> None:
        """Place an instance on a broker."""
        instance, server = find_instance(options.instance), broker_servers.find(options.name)
        brokers.assign(instance=instance, server=server, context=context())
        self.out.say(f"{instance} uses {server} from its next app server on.")

    def rotate(self, options: argparse.Namespace) -> None:
        """Give an instance another account."""
        instance = find_instance(options.instance)
        brokers.rotate(instance=instance)
        self.out.say(
            f"{instance} has another account from its next app server on. The present one works"
            " until the last app server that has it is terminated."
        )
