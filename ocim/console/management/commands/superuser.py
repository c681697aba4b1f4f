"""`ocim superuser`: the superusers of an instance's LMS."""

import argparse

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.progress import follow
from ocim.console.shared_options import add_instance, add_no_wait
from ocim.operations import superusers
from ocim.operations.jobs import wake_up
from ocim.store.selectors import find_instance
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name

COLUMNS = ("name", "email", "enabled")


class Command(OcimCommand):
    help = "List, make and remove superusers of an instance's LMS."
    examples = """examples:
  ocim superuser list campus.example.com
  ocim superuser add campus.example.com mira --email mira@example.com
  ocim superuser remove campus.example.com mira
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        add_instance(add("list", self.list, "List the superusers of the LMS.", json=True))
        for name, action, text in (
            ("add", self.add, "Make a user of the LMS a superuser and staff."),
            ("remove", self.remove, "Take both away from a user; the user stays."),
        ):
            command = add(name, action, text)
            add_instance(command)
            command.add_argument("user", metavar="NAME", help="Name of the user at the LMS.")
            add_no_wait(command)
            if name == "add":
                command.add_argument(
                    "--email",
                    default="",
                    help="Address of the user, who is created if missing (default: no user is"
                    " created).",
                )

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of superusers."""
        found = superusers.listed(find_instance(options.instance), context())
        self.out.rows(COLUMNS, [(user.name, user.email, user.is_enabled) for user in found])

    def add(self, options: argparse.Namespace) -> None:
        """Make a user a superuser."""
        self._change(options, email=options.email, make=True)

    def remove(self, options: argparse.Namespace) -> None:
        """Take the rights away."""
        self._change(options, make=False)

    def _change(self, options: argparse.Namespace, *, email: str = "", make: bool) -> None:
        instance = find_instance(options.instance)
        job = superusers.request(
            instance, name=options.user, email=email, make=make, queue=queue_name()
        )
        enqueue([wake_up(job)])
        if options.no_wait:
            self.out.say(f"Requested: job {job.pk}.")
        else:
            follow(job, self.out)
            self.out.say(f"Done. List them with: ocim superuser list {instance.pk}")
