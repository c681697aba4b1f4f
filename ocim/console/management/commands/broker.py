"""`ocim broker`: the RabbitMQ and Redis servers that carry instances' Celery messages."""

import argparse

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.passwords import read_password
from ocim.console.shared_options import add_instance
from ocim.core.errors import PermanentError, TransientError
from ocim.core.instance import BrokerUsage
from ocim.core.texts import plural
from ocim.operations import broker_servers, brokers
from ocim.store.models import BrokerServer, OpenEdXInstance
from ocim.store.selectors import find_instance
from ocim.store.specs import broker_account, broker_host
from ocim.wiring import context

VARIABLE = "OCIM_BROKER_PASSWORD"
"""Environment variable with the password of a broker server's user."""
USER = "ocim"


class Command(OcimCommand):
    help = "Register, list and remove the brokers of Celery's messages, and assign instances."
    examples = f"""examples:
  ocim broker register main https://mq.example.com:15671 < password.txt
  {VARIABLE}=… ocim broker register campus redis://redis.example.com
  ocim broker list
  ocim broker show main --json
  ocim broker assign campus.example.com main
  ocim broker rotate campus.example.com
  ocim broker remove main
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        register = add("register", self.register, "Register a broker that runs.", json=True)
        register.add_argument("name", metavar="NAME", help="New name of the broker.")
        register.add_argument(
            "url",
            metavar="URL",
            help=f"Its address without user and password: {broker_servers.EXAMPLE}.",
        )
        register.add_argument(
            "--user",
            default=USER,
            help=f"User that may create other users (default: {USER}).",
        )
        register.add_argument(
            "--port",
            type=int,
            default=0,
            help="RabbitMQ's port for messages, without TLS (default: 5672).",
        )
        register.description = (
            f"Register a broker that runs. The user's password is read from {VARIABLE} if that is"
            " set, else from standard input."
        )
        add("list", self.list, "List brokers and their number of instances.", json=True)
        show = add("show", self.show, "Show a broker, its health and its instances.", json=True)
        remove = add("remove", self.remove, "Remove a broker that no instance uses.", json=True)
        assign = add(
            "assign",
            self.assign,
            "Place an instance without a broker on one, from its next app server on.",
        )
        rotate = add(
            "rotate",
            self.rotate,
            "Give an instance another account on its broker, from its next app server on.",
        )
        for command in (assign, rotate):
            add_instance(command)
        for command in (show, remove, assign):
            command.add_argument("name", metavar="NAME", help="Name of the broker.")

    def register(self, options: argparse.Namespace) -> None:
        """Register an existing broker, and print its version."""
        server = broker_servers.register(
            name=options.name,
            url=options.url,
            user=options.user,
            password=read_password(VARIABLE),
            port=options.port,
            context=context(),
        )
        kind = {"rabbitmq": "RabbitMQ", "redis": "Redis"}[server.kind]
        self.out.say(f"Registered {server}: {kind} {server.version} at {server.url}")
        if self.out.as_json:
            self._facts(server)

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of brokers."""
        self.out.rows(
            ("name", "url", "version", "instances", "accepts new"),
            [
                (
                    server.name,
                    server.url if server.host else "",
                    server.version,
                    server.openedxinstance_set.count(),
                    server.accepts_new_clients,
                )
                for server in BrokerServer.objects.order_by("name")
            ],
        )

    def show(self, options: argparse.Namespace) -> None:
        """Print a broker's facts, as it answers now."""
        self._facts(broker_servers.find(options.name))

    def remove(self, options: argparse.Namespace) -> None:
        """Remove a broker."""
        server = broker_servers.remove(name=options.name, context=context())
        self.out.say(f"Removed {server}.")
        if self.out.as_json:
            self.out.data({"removed": server.name})

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

    def _facts(self, server: BrokerServer) -> None:
        instances = server.openedxinstance_set.select_related("broker_server").order_by("id")
        self.out.facts(
            {
                "name": server.name,
                "kind": server.kind,
                "url": server.url if server.host else None,
                "management": server.api_url or None,
                "version": server.version,
                "health": _health(server),
                "accepts new": server.accepts_new_clients,
                "instances": [_line(server, instance) for instance in instances],
            }
        )


def _health(server: BrokerServer) -> str:
    try:
        context().adapters.brokers[server.kind].examine(broker_host(server))
    except (TransientError, PermanentError) as error:
        return str(error)
    return "ok"


def _line(server: BrokerServer, instance: OpenEdXInstance) -> str:
    """Return an instance with its account and its use of the server."""
    account = broker_account(instance)
    assert account is not None  # noqa: S101 - it is on this server
    try:
        usage = context().adapters.brokers[server.kind].usage(broker_host(server), account)
    except (TransientError, PermanentError):
        usage = BrokerUsage(0, {})
    connections = plural(usage.connections, "connection")
    messages = plural(sum(usage.queues.values()), "message")
    return f"{instance} as {account.user or 'default'}: {connections}, {messages} waiting"
