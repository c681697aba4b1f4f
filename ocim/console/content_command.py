"""The common part of the commands for content servers, which operators register."""

import argparse

from django.core.management.base import CommandParser

from ocim.console.server_command import Add, ServerCommand
from ocim.console.shared_options import add_instance
from ocim.operations import content
from ocim.operations.content_servers import ContentKind
from ocim.store.selectors import find_instance
from ocim.wiring import context


class ContentCommand(ServerCommand):
    """A command for content servers of one kind."""

    content: ContentKind
    account: str
    """Word for an instance's account there, with its article."""

    def add_content(self, add: Add) -> CommandParser:
        """Add the subcommands; return the parser of `register`."""
        what = self.content.what
        register = self.add_registered(
            add,
            show=f"Show a {what}, its health and its instances.",
            remove=f"Forget a {what} that no instance uses; it stays as it is.",
        )["register"]
        register.add_argument(
            "url",
            metavar="URL",
            help=f"Its address without user and password, such as {self.content.example}.",
        )
        assign = add(
            "assign",
            self.assign,
            f"Place an instance without a {what} on one, from its next app server on.",
        )
        rotate = add(
            "rotate",
            self.rotate,
            f"Give an instance {self.account} on its {what}, from its next app server on.",
        )
        for command in (assign, rotate):
            add_instance(command)
        assign.add_argument("name", metavar="NAME", help=f"Name of the {what}.")
        return register

    def register(self, options: argparse.Namespace) -> None:
        """Register an existing server, and print its version."""
        server = self.content.register(
            name=options.name,
            url=options.url,
            user=getattr(options, "user", ""),
            password=self.read_password(),
            tls=getattr(options, "tls", False),
            context=context(),
        )
        software = self.content.what.removesuffix(" server")
        self.out.say(f"Registered {server}: {software} {server.version} at {server.url}")
        self.print_for_scripts(server)

    def assign(self, options: argparse.Namespace) -> None:
        """Place an instance on a server."""
        instance, server = find_instance(options.instance), self.content.find(options.name)
        content.assign(instance=instance, server=server, kind=self.content)
        self.out.say(f"{instance} uses {server} from its next app server on.")

    def rotate(self, options: argparse.Namespace) -> None:
        """Give an instance another account."""
        instance = find_instance(options.instance)
        content.rotate(instance=instance, kind=self.content)
        self.out.say(
            f"{instance} has {self.account} from its next app server on. The present one works"
            " until the last app server that has it is terminated."
        )
