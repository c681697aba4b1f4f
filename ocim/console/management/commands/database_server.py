"""`ocim database-server`: the servers of MySQL, MariaDB and PostgreSQL that instances share."""

import argparse
from functools import partial
from pathlib import Path

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.log_lines import print_log
from ocim.console.passwords import read_password
from ocim.console.progress import cancellation_text, follow
from ocim.console.shared_options import add_no_wait, add_yes
from ocim.core.databases import ServerFacts
from ocim.core.errors import PermanentError, TransientError, ValidationError
from ocim.core.texts import plural
from ocim.operations import database_servers, jobs, shared_servers
from ocim.presentation.texts import size as size_text
from ocim.store.models import DatabaseServer, OpenEdXInstance
from ocim.store.selectors import open_jobs, server_log_after
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name

VARIABLE = "OCIM_DATABASE_PASSWORD"
"""Environment variable with the password of a database server's user."""
USER = "ocim"


class Command(OcimCommand):
    help = "Create, register, list and remove the database servers that instances share."
    examples = f"""examples:
  ocim database-server create main --provider nspawn
  ocim database-server register main mysql://db.example.com < password.txt
  {VARIABLE}=… ocim database-server register new postgresql://db.example.com --tls --user admin
  ocim database-server list
  ocim database-server show main --json
  ocim database-server logs main --follow
  ocim database-server cancel main
  ocim database-server remove main
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        create = add("create", self.create, "Create a MariaDB server on a new host.", json=True)
        create.add_argument(
            "--provider", default="local", help="Kind of host to create (default: local)."
        )
        create.add_argument(
            "--flavor", default="", help="Size of the host (default: the provider's default)."
        )
        add_no_wait(create)
        register = add(
            "register", self.register, "Register a database server that runs.", json=True
        )
        register.add_argument("name", metavar="NAME", help="New name of the database server.")
        register.add_argument(
            "url",
            metavar="URL",
            help=f"Its address without user and password: {database_servers.EXAMPLE}.",
        )
        register.add_argument(
            "--user",
            default=USER,
            help=f"User that may create databases and other users (default: {USER}).",
        )
        register.add_argument(
            "--tls", action="store_true", help="Connect with TLS only, and check the certificate."
        )
        register.add_argument(
            "--authority",
            metavar="FILE",
            help="Certificate in PEM of the authority that signs the server's (default: any public"
            " authority); implies --tls.",
        )
        register.description = (
            f"Register a database server that runs. The user's password is read from {VARIABLE} if"
            " that is set, else from standard input."
        )
        add("list", self.list, "List database servers and their number of instances.", json=True)
        show = add(
            "show",
            self.show,
            "Show a database server, its health, and the sizes of its databases.",
            json=True,
        )
        remove = add(
            "remove",
            self.remove,
            "Remove a database server that no instance uses; destroy its host if Ocim created it.",
            json=True,
        )
        add_yes(remove)
        logs = add("logs", self.logs, "Print the log of a database server's creation.", json=True)
        logs.add_argument(
            "--follow", action="store_true", help="Keep printing until the creation has ended."
        )
        cancel = add("cancel", self.cancel, "Stop the creation of a database server.")
        create.add_argument("name", metavar="NAME", help="New name of the database server.")
        for command in (show, remove, logs, cancel):
            command.add_argument("name", metavar="NAME", help="Name of the database server.")

    def create(self, options: argparse.Namespace) -> None:
        """Submit the job that creates a database server; wait for it, and print the address."""
        server, job = database_servers.request_creation(
            name=options.name,
            provider=options.provider,
            flavor=options.flavor,
            queue=queue_name(),
            context=context(),
        )
        self.out.say(f"Creating database server {server}.")
        enqueue([jobs.wake_up(job)])
        if not options.no_wait:
            follow(job, self.out)
            server = database_servers.find(options.name)
            self.out.say(f"Created {server} at {server.url}")
        self._facts(server, only_for_scripts=True)

    def register(self, options: argparse.Namespace) -> None:
        """Register an existing database server; print its version, and what should be otherwise."""
        server, problems = database_servers.register(
            name=options.name,
            url=options.url,
            user=options.user,
            password=read_password(VARIABLE),
            tls=options.tls,
            authority=_content(options.authority),
            context=context(),
        )
        self.out.say(f"Registered {server}: {server.version} at {server.url}")
        for problem in problems:
            self.out.say(f"Note: {problem}", style="yellow")
        self._facts(server, only_for_scripts=True)

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of database servers."""
        self.out.rows(
            ("name", "url", "version", "instances", "accepts new", "host"),
            [
                (
                    server.name,
                    server.url if server.host or server.directory else "",
                    server.version or ("SQLite" if server.directory else ""),
                    server.openedxinstance_set.count(),
                    server.accepts_new_clients,
                    server.own_host and server.own_host.name,
                )
                for server in DatabaseServer.objects.select_related("own_host").order_by("name")
            ],
        )

    def show(self, options: argparse.Namespace) -> None:
        """Print a database server's facts, as it answers now."""
        self._facts(database_servers.find(options.name))

    def remove(self, options: argparse.Namespace) -> None:
        """Remove a database server, after a confirmation if its host goes, too."""
        server = database_servers.find(options.name)
        if server.own_host and not server.openedxinstance_set.exists():
            self.confirm(f"Destroy {server} with its host and all databases on it?", options.yes)
        database_servers.remove(name=options.name, context=context())
        self.out.say(f"Removed {server}.")
        if self.out.as_json:
            self.out.data({"removed": server.name})

    def logs(self, options: argparse.Namespace) -> None:
        """Print the log, and with --follow its new lines as they come."""
        server = database_servers.find(options.name)
        print_log(
            self.out,
            partial(server_log_after, server),
            lambda: options.follow and open_jobs(server).exists(),
        )

    def cancel(self, options: argparse.Namespace) -> None:
        """Request the cancellation of the database server's creation."""
        job = shared_servers.cancel(database_servers.find(options.name))
        enqueue([jobs.wake_up(job)])
        self.out.say(cancellation_text(job.queue))

    def _facts(self, server: DatabaseServer, *, only_for_scripts: bool = False) -> None:
        if only_for_scripts and not self.out.as_json:
            return
        health, found = _examine(server)
        instances = server.openedxinstance_set.order_by("id")
        self.out.facts(
            {
                "name": server.name,
                "kind": server.kind,
                "url": server.url if server.host or server.directory else None,
                "version": server.version or None,
                "health": health,
                "notes": list(found.problems),
                "accepts new": server.accepts_new_clients,
                "host": server.own_host and server.own_host.name,
                "provider": server.own_host and server.own_host.provider,
                "instances": [_line(instance, found) for instance in instances],
            }
        )


def _content(path: str | None) -> str:
    """Return the content of a file; empty without one. Raise ValidationError if it has none."""
    if path is None:
        return ""
    try:
        text = Path(path).expanduser().read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise ValidationError([f"--authority: cannot read {path}: {error}."]) from error
    if "BEGIN CERTIFICATE" not in text:
        raise ValidationError([f"--authority: {path} holds no certificate in PEM."])
    return text


def _examine(server: DatabaseServer) -> tuple[str, ServerFacts]:
    """Return the server's health in words, and its facts."""
    none = ServerFacts("", {}, {})
    if server.kind == database_servers.EMBEDDED:
        return "ok", none
    if not server.version:
        if open_jobs(server).exists():
            return f"in creation: `ocim database-server logs {server} --follow` shows it", none
        return f"not finished: run `ocim database-server create {server}` again", none
    try:
        return "ok", database_servers.facts(server, context())
    except (TransientError, PermanentError) as error:
        return str(error), none


def _line(instance: OpenEdXInstance, found: ServerFacts) -> str:
    """Return an instance with the size of its databases and its connections."""
    begin = f"{instance.database_name}_"
    sizes = [size for name, size in found.sizes.items() if name.startswith(begin)]
    connections = [count for name, count in found.connections.items() if name.startswith(begin)]
    return (
        f"{instance}: {plural(len(sizes), 'database')}, {size_text(sum(sizes))},"
        f" {plural(sum(connections), 'connection')}"
    )
