"""The common part of the commands for shared servers: create, show, remove, logs, cancel."""

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.log_lines import print_log
from ocim.console.passwords import read_password
from ocim.console.progress import cancellation_text, follow
from ocim.console.shared_options import add_no_wait, add_yes
from ocim.core.secrets import Secret
from ocim.operations import jobs, shared_servers
from ocim.presentation.servers import COLUMNS, ServerKind, row, servers
from ocim.store import logs
from ocim.store.models import HostedServer, Job
from ocim.store.selectors import open_jobs
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name

Add = Callable[..., CommandParser]


class ServerCommand(OcimCommand):
    """A command for shared servers of one kind, which Ocim creates or operators register."""

    kind: ServerKind
    password: str
    """Environment variable with the password of a server's user."""

    def add_common(
        self, add: Add, *, create: str, show: str, user: str, right: str
    ) -> Mapping[str, CommandParser]:
        """Add the subcommands; return their parsers. `user` is the default of `register`."""
        what = self.kind.what
        remove = f"Remove a {what} that no instance uses; destroy its host if Ocim created it."
        parsers = {
            "create": add("create", self.create, create, json=True),
            **self.add_registered(add, show=show, remove=remove),
            "logs": add("logs", self.logs, f"Print the log of a {what}'s creation.", json=True),
            "cancel": add("cancel", self.cancel, f"Stop the creation of a {what}."),
        }
        parsers["create"].add_argument(
            "--provider", default="local", help="Kind of host to create (default: local)."
        )
        parsers["create"].add_argument(
            "--flavor", default="", help="Size of the host (default: the provider's default)."
        )
        add_no_wait(parsers["create"])
        self.add_user(parsers["register"], user=user, right=right)
        add_yes(parsers["remove"])
        parsers["logs"].add_argument(
            "--follow", action="store_true", help="Keep printing until the creation has ended."
        )
        parsers["create"].add_argument("name", metavar="NAME", help=f"New name of the {what}.")
        for name in ("logs", "cancel"):
            parsers[name].add_argument("name", metavar="NAME", help=f"Name of the {what}.")
        return parsers

    def add_registered(self, add: Add, *, show: str, remove: str) -> dict[str, CommandParser]:
        """Add the subcommands for servers that are registered; return their parsers."""
        what = self.kind.what
        parsers = {
            "register": add("register", self.register, f"Register a {what} that runs.", json=True),
            "list": add(
                "list", self.list, f"List {what}s and their number of instances.", json=True
            ),
            "show": add("show", self.show, show, json=True),
            "remove": add("remove", self.remove, remove, json=True),
        }
        parsers["register"].add_argument("name", metavar="NAME", help=f"New name of the {what}.")
        for name in ("show", "remove"):
            parsers[name].add_argument("name", metavar="NAME", help=f"Name of the {what}.")
        return parsers

    def add_user(self, register: CommandParser, *, user: str, right: str) -> None:
        """Add the option for the user whose password Ocim reads."""
        register.add_argument(
            "--user", default=user, help=f"User that may {right} (default: {user})."
        )
        register.description = (
            f"Register a {self.kind.what} that runs. The user's password is read from"
            f" {self.password} if that is set, else from standard input."
        )

    def request(self, options: argparse.Namespace, **asked: Any) -> tuple[HostedServer, Job]:
        """Submit the job that creates a server with these options."""
        server, job = self.kind.operations.request_creation(
            name=options.name,
            provider=options.provider,
            flavor=options.flavor,
            queue=queue_name(),
            context=context(),
            **asked,
        )
        return server, job

    def create(self, options: argparse.Namespace) -> None:
        """Submit the job that creates a server; wait for it, and print the address."""
        server, job = self.request(options)
        self.out.say(f"Creating {self.kind.what} {server}.")
        enqueue([jobs.wake_up(job)])
        if not options.no_wait:
            follow(job, self.out)
            server = self.kind.operations.find(options.name)
            self.out.say(f"Created {server} at {server.url}")
        self.print_for_scripts(server)

    def register(self, options: argparse.Namespace) -> None:
        """Register an existing server."""
        raise NotImplementedError

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of servers."""
        self.out.rows(COLUMNS, [tuple(row(server).values()) for server in servers(self.kind.model)])

    def show(self, options: argparse.Namespace) -> None:
        """Print a server's facts."""
        self.out.facts(self.kind.facts(self.kind.operations.find(options.name)))

    def print_for_scripts(self, server: Any) -> None:
        """Print the server's facts if JSON is wanted."""
        if self.out.as_json:
            self.out.facts(self.kind.facts(server))

    def remove(self, options: argparse.Namespace) -> None:
        """Remove a server, after a confirmation if its host goes, too."""
        server = self.kind.operations.find(options.name)
        if server.own_host and not server.openedxinstance_set.exists():
            self.confirm(f"Destroy {server} with its host and {self.kind.data} on it?", options.yes)
        self.kind.operations.remove(name=options.name, context=context())
        self.out.say(f"Removed {server}.")
        if self.out.as_json:
            self.out.data({"removed": server.name})

    def logs(self, options: argparse.Namespace) -> None:
        """Print the log, and with --follow its new lines as they come."""
        server = self.kind.operations.find(options.name)
        print_log(
            self.out,
            partial(logs.server_after, server),
            lambda: options.follow and open_jobs(server).exists(),
        )

    def cancel(self, options: argparse.Namespace) -> None:
        """Request the cancellation of the server's creation."""
        job = shared_servers.cancel(self.kind.operations.find(options.name))
        enqueue([jobs.wake_up(job)])
        self.out.say(cancellation_text(job.queue))

    def read_password(self) -> Secret:
        """Return the password of the user of `register`."""
        return read_password(self.password)
