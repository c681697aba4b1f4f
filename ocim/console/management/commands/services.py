"""`ocim services`: ecommerce and course discovery of an instance."""

import argparse
import sys
from typing import Any

from django.core.management.base import CommandParser

from ocim.catalog.steps import runbook
from ocim.console import verifying
from ocim.console.command import Error, OcimCommand
from ocim.console.progress import follow
from ocim.core.errors import ValidationError
from ocim.core.instance import ALWAYS, Service
from ocim.operations import jobs
from ocim.operations.shop import setup, status, steps, switch
from ocim.parsing.arguments import text_of_argument
from ocim.parsing.processors import read_processors
from ocim.store.selectors import find_instance
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name

OPTIONAL = sorted(service.value for service in set(Service) - ALWAYS)
OF_SHOP = ("partner_code", "currency", "flavor")


class Command(OcimCommand):
    help = "Turn ecommerce and course discovery on and off, and see that they are set up."
    examples = """examples:
  ocim services enable campus.example.com ecommerce discovery --partner-code CAMPUS \\
      --currency GBP --processor paypal --keys @paypal.yml
  ocim services status campus.example.com
  ocim services setup campus.example.com --step site --force
  ocim services verify campus.example.com --purchase
  ocim services disable campus.example.com discovery

Keys of payment processors are a YAML file, or standard input (--keys -):
  paypal: {mode: sandbox, client_id: …, client_secret: …}
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        status = add("status", self.status, "what is set up, owed, or drifted", json=True)
        setup = add("setup", self.setup, "do what is owed of what has to be set up once")
        runbook = add("runbook", self.runbook, "the same, for a person to do")
        for command in (status, setup, runbook):
            command.add_argument("instance", help="its id, its domain, or its name")
        for command in (setup, runbook):
            command.add_argument("--step", action="append", default=[], dest="steps",
                                 metavar="STEP", help="this one; or several of them")  # fmt: skip
        setup.add_argument("--dry-run", action="store_true", help="only say what would be done")
        setup.add_argument("--force", action="store_true", help="set what others have changed, too")
        runbook.add_argument("--reveal", action="store_true", help="with the secrets")
        verify = add("verify", self.verify, "try both as their users would", json=True)
        verify.add_argument("instance", help="its id, its domain, or its name")
        verify.add_argument(
            "--purchase", action="store_true", help="buy a course, in the processors' sandboxes"
        )
        enable = add("enable", self.enable, "turn services on; the next app server has them")
        disable = add("disable", self.disable, "take services off the web; their data is kept")
        for command in (enable, disable):
            command.add_argument("instance", help="its id, its domain, or its name")
            command.add_argument("services", nargs="+", choices=OPTIONAL, metavar="SERVICE",
                                 help=" or ".join(OPTIONAL))  # fmt: skip
        enable.add_argument("--partner-code", help="1 to 8 characters; part of order numbers")
        enable.add_argument("--currency", help="of ISO 4217, as GBP; legal tender today")
        enable.add_argument("--flavor", help="a larger size for the app servers")
        enable.add_argument("--processor", action="append", dest="processors", metavar="NAME",
                            help="how is paid; may be said several times, the first is offered"
                            " first; test-card needs no keys, and takes no money")  # fmt: skip
        enable.add_argument(
            "--keys", metavar="@FILE", help="the processors' keys, in YAML; - for standard input"
        )

    def enable(self, given: argparse.Namespace) -> None:
        changes = {name: value for name in OF_SHOP if (value := getattr(given, name)) is not None}
        instance, actions = switch.enable(
            instance_id=find_instance(given.instance).pk,
            services=[Service(name) for name in given.services],
            processors=_processors(given.processors, given.keys),
            changes=changes,
            context=context(),
        )
        enqueue(actions)
        for warning in switch.warnings(instance, context()):
            self.out.say(f"Warning: {warning}", style="yellow")
        self.out.say(
            f"{_names(given)} on. Next: ocim appserver spawn {instance.pk} --activate;"
            " what has to be set up once is done then."
        )

    def disable(self, given: argparse.Namespace) -> None:
        instance, actions = switch.disable(
            instance_id=find_instance(given.instance).pk,
            services=[Service(name) for name in given.services],
            context=context(),
        )
        enqueue(actions)
        self.out.say(f"{_names(given)} off, and off the web; databases and indexes of {instance}"
                     " are kept.")  # fmt: skip

    def status(self, given: argparse.Namespace) -> None:
        instance = find_instance(given.instance)
        lines = status.status(instance, context())
        self.out.rows(
            ("step", "state", "detail", "last done", "on"),
            [
                (one.step, one.state, "; ".join(filter(None, (one.detail, one.remedy))),
                 one.at, one.appserver)
                for one in lines
            ],
        )  # fmt: skip
        wrong = [one for one in lines if one.state != "done"]
        if not lines:
            self.out.say("It has neither ecommerce nor discovery.")
        elif wrong:
            raise Error(f"{len(wrong)} of {len(lines)} steps are not as they should be.")

    def setup(self, given: argparse.Namespace) -> None:
        instance = find_instance(given.instance)
        if given.dry_run:
            self._say_deeds(given, only_owed=True, reveal=False)
            return
        job = setup.request(
            instance, names=given.steps, force=given.force, queue=queue_name(), context=context()
        )
        enqueue([jobs.wake_up(job)])
        follow(job, self.out)
        self.out.say("Done. `ocim services status` looks at all of it again.")

    def verify(self, given: argparse.Namespace) -> None:
        verifying.run(find_instance(given.instance), purchase=given.purchase, out=self.out)

    def runbook(self, given: argparse.Namespace) -> None:
        self._say_deeds(given, only_owed=False, reveal=given.reveal)

    def _say_deeds(self, given: argparse.Namespace, *, only_owed: bool, reveal: bool) -> None:
        appserver = setup.served_by(find_instance(given.instance))
        chosen = steps.chosen(appserver, given.steps, context())
        if only_owed:
            found = steps.examine(appserver, chosen, context(), force=given.force)
        else:
            found = steps.as_if_nothing_were_there(appserver, chosen, context())
        of = steps.step_inputs(appserver, context())
        for one in found:
            if one.problem:
                self.out.say(f"{one.step.name}: {one.problem}", style="red")
            actions = steps.pending_actions(one, of)
            if actions:
                self.out.say(f"# {one.step.name}: {one.step.about}")
            for action in actions:
                for line in runbook.lines(action, reveal=reveal):
                    self.out.say(line)
        if only_owed and not any(steps.pending_actions(one, of) for one in found):
            self.out.say("Nothing is owed.")


def _names(given: argparse.Namespace) -> str:
    return " and ".join(given.services).capitalize()


def _processors(names: list[str] | None, keys: str | None) -> dict[str, Any] | None:
    """By name; None where nothing is said of them."""
    if names is None and keys is None:
        return None
    keys = sys.stdin.read() if keys == "-" else keys
    text = text_of_argument(keys, option="--keys")[0] if keys else ""
    found = read_processors(text, where="--keys")
    if keys is not None and not found:
        raise ValidationError(
            ["--keys: it says nothing: write each processor's name, its keys below."]
        )
    names = names if names is not None else list(found)
    if unused := [name for name in found if name not in names]:
        raise ValidationError([f"--keys: {name} is not named with --processor." for name in unused])
    return {name: found.get(name, {}) for name in names}
