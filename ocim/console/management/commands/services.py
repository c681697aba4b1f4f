"""`ocim services`: the optional services of an instance, ecommerce and course discovery."""

import argparse
import sys
from typing import Any

from django.core.management.base import CommandParser

from ocim.console import verifying
from ocim.console.command import Error, OcimCommand
from ocim.console.progress import follow
from ocim.console.shared_options import add_instance, add_no_wait, add_secrets
from ocim.core.errors import ValidationError
from ocim.core.instance import ALWAYS, Service
from ocim.core.texts import listed
from ocim.operations import jobs
from ocim.operations.shop import set_up, status, switch
from ocim.parsing.arguments import text_of_argument
from ocim.parsing.processors import read_processors
from ocim.presentation.services import command_lines
from ocim.store.selectors import find_instance
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name

OPTIONAL = sorted(service.value for service in set(Service) - ALWAYS)
OF_SHOP = ("partner_code", "currency", "flavor")


class Command(OcimCommand):
    help = "Enable, disable, set up and verify ecommerce and course discovery."
    examples = """examples:
  ocim services enable campus.example.com ecommerce discovery --partner-code CAMPUS \\
      --currency GBP --processor paypal --keys @paypal.yml
  ocim services status campus.example.com
  ocim services setup campus.example.com --dry-run
  ocim services setup campus.example.com --step site --force
  ocim services runbook campus.example.com
  ocim services verify campus.example.com --purchase
  ocim services disable campus.example.com discovery

The payment processors' keys are YAML, from a file or from standard input (--keys -):
  paypal: {mode: sandbox, client_id: …, client_secret: …}
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        status = add(
            "status",
            self.status,
            "Show which set-up steps are done, pending, or changed by hand.",
            json=True,
        )
        setup = add("setup", self.setup, "Run the pending set-up steps.")
        runbook = add("runbook", self.runbook, "Print the set-up commands to run by hand.")
        verify = add(
            "verify",
            self.verify,
            "Test both services through their pages and APIs, as their users would.",
            json=True,
        )
        enable = add("enable", self.enable, "Enable services, from the next app server on.")
        disable = add(
            "disable", self.disable, "Take services off the web; their databases are kept."
        )
        for command in (status, setup, runbook, verify, enable, disable):
            add_instance(command)
        for command in (setup, runbook):
            command.add_argument(
                "--step",
                action="append",
                default=[],
                dest="steps",
                metavar="STEP",
                help="Name of a set-up step; repeat it for several (default: all steps).",
            )
        setup.add_argument(
            "--dry-run", action="store_true", help="Print what the steps would do, and stop."
        )
        setup.add_argument(
            "--force", action="store_true", help="Overwrite what was changed by hand, too."
        )
        add_secrets(runbook)
        verify.add_argument(
            "--purchase",
            action="store_true",
            help="Buy a course, too, in the payment processors' sandboxes.",
        )
        add_no_wait(verify)
        for command in (enable, disable):
            command.add_argument(
                "services",
                nargs="+",
                choices=OPTIONAL,
                metavar="SERVICE",
                help=f"Name of a service: {' or '.join(OPTIONAL)}.",
            )
        enable.add_argument(
            "--partner-code",
            metavar="CODE",
            help="Partner code, 1 to 8 letters and digits; part of every order number"
            " (default: unchanged; at first, made from the instance's id).",
        )
        enable.add_argument(
            "--currency",
            metavar="CODE",
            help="ISO 4217 code of the currency, such as GBP; it must be legal tender today"
            " (default: unchanged; at first, the release's currency).",
        )
        enable.add_argument(
            "--flavor",
            help="Size of new app servers' hosts; these services need more memory"
            " (default: unchanged).",
        )
        enable.add_argument(
            "--processor",
            action="append",
            dest="processors",
            metavar="NAME",
            help="Name of a payment processor; repeat it for several, the first is offered first"
            " (default: those in --keys). `test-card` needs no keys and takes no money.",
        )
        enable.add_argument(
            "--keys",
            metavar="@FILE",
            help="The processors' keys as YAML or @FILE; - reads standard input"
            " (default: the keys stay as they are).",
        )

    def enable(self, options: argparse.Namespace) -> None:
        """Enable services in the instance's settings."""
        changes = {name: value for name in OF_SHOP if (value := getattr(options, name)) is not None}
        instance, actions = switch.enable(
            instance_id=find_instance(options.instance).pk,
            services=[Service(name) for name in options.services],
            processors=_processors(options.processors, options.keys),
            changes=changes,
            context=context(),
        )
        enqueue(actions)
        for warning in switch.warnings(instance, context()):
            self.out.say(f"Warning: {warning}", style="yellow")
        self.out.say(
            f"Enabled {_names(options)}. Next: ocim appserver spawn {instance.pk} --activate"
            " (it runs the set-up steps, too)."
        )

    def disable(self, options: argparse.Namespace) -> None:
        """Disable services in the instance's settings, and take them off the web."""
        instance, actions = switch.disable(
            instance_id=find_instance(options.instance).pk,
            services=[Service(name) for name in options.services],
            context=context(),
        )
        enqueue(actions)
        self.out.say(
            f"Disabled {_names(options)}: no longer on the web."
            f" Databases and indexes of {instance} are kept."
        )

    def status(self, options: argparse.Namespace) -> None:
        """Print the state of every set-up step. Raise Error if one of them is not done."""
        instance = find_instance(options.instance)
        lines = status.status(instance, context())
        self.out.rows(
            ("step", "state", "detail", "last done", "on"),
            [
                (
                    line.step,
                    line.state,
                    "; ".join(filter(None, (line.detail, line.remedy))),
                    line.at,
                    line.appserver,
                )
                for line in lines
            ],
        )
        for warning in switch.warnings(instance, context()):
            self.out.say(f"Warning: {warning}", style="yellow")
        not_done = [line for line in lines if line.state != "done"]
        if not lines:
            self.out.say(
                f"{instance} has neither ecommerce nor discovery."
                f" Enable them with: ocim services enable {instance.pk} ecommerce discovery"
            )
        elif not_done:
            raise Error(f"Set-up steps that are not done: {len(not_done)} of {len(lines)}.")

    def setup(self, options: argparse.Namespace) -> None:
        """Run the pending set-up steps as a job, and wait for it."""
        instance = find_instance(options.instance)
        if options.dry_run:
            self._print_commands(options, only_pending=True, reveal=False)
            return
        job = set_up.request(
            instance,
            names=options.steps,
            force=options.force,
            queue=queue_name(),
            context=context(),
        )
        enqueue([jobs.wake_up(job)])
        follow(job, self.out)
        self.out.say(f"Done. Check the result with: ocim services status {instance.pk}")

    def verify(self, options: argparse.Namespace) -> None:
        """Verify both services, printing each check as it ends."""
        verifying.run(
            find_instance(options.instance),
            purchase=options.purchase,
            wait=not options.no_wait,
            out=self.out,
        )

    def runbook(self, options: argparse.Namespace) -> None:
        """Print the commands of the set-up steps, as if none had run yet."""
        self._print_commands(options, only_pending=False, reveal=options.secrets)

    def _print_commands(
        self, options: argparse.Namespace, *, only_pending: bool, reveal: bool
    ) -> None:
        lines = command_lines(
            find_instance(options.instance),
            options.steps,
            only_pending=only_pending,
            force=only_pending and options.force,
            reveal=reveal,
        )
        for text, style in lines:
            self.out.say(text, style=style)


def _names(options: argparse.Namespace) -> str:
    return listed(options.services)


def _processors(names: list[str] | None, keys: str | None) -> dict[str, Any] | None:
    """Return the keys of each processor by its name; None if neither option is set.

    Raise ValidationError if --keys is empty or has a processor that --processor does not name.
    """
    if names is None and keys is None:
        return None
    keys = sys.stdin.read() if keys == "-" else keys
    text = text_of_argument(keys, option="--keys")[0] if keys else ""
    keys_by_name = read_processors(text, where="--keys")
    if keys is not None and not keys_by_name:
        raise ValidationError(
            ["--keys is empty: write each processor's name, and its keys indented below."]
        )
    names = names if names is not None else list(keys_by_name)
    if unused := [name for name in keys_by_name if name not in names]:
        raise ValidationError(
            [
                f"--keys has keys of {name}, which --processor does not name:"
                f" add --processor {name}, or remove the keys."
                for name in unused
            ]
        )
    return {name: keys_by_name.get(name, {}) for name in names}
