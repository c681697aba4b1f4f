"""`ocim services`: ecommerce and course discovery of an instance."""

import argparse
from typing import Any

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.core.errors import BadInput
from ocim.core.spec import ALWAYS, Service
from ocim.documents.arguments import text_of_argument
from ocim.documents.yaml_text import read_mapping
from ocim.operations.services import switch
from ocim.store.selectors import find_instance
from ocim.tasks import perform
from ocim.wiring import context

OPTIONAL = sorted(service.value for service in set(Service) - ALWAYS)
OF_SHOP = ("partner_code", "currency", "flavor")


class Command(OcimCommand):
    help = "Turn ecommerce and course discovery on and off."
    examples = """examples:
  ocim services enable campus.example.com ecommerce discovery --partner-code CAMPUS \\
      --currency GBP --processor paypal --keys @paypal.yml
  ocim services disable campus.example.com discovery

Keys of payment processors are a YAML file, or standard input (--keys -):
  paypal: {mode: sandbox, client_id: …, client_secret: …}
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        enable = add("enable", self.enable, "turn services on; the next app server has them")
        disable = add("disable", self.disable, "take services off the web; their data is kept")
        for command in (enable, disable):
            command.add_argument("instance", help="its id, its domain, or its name")
            command.add_argument("services", nargs="+", choices=OPTIONAL, metavar="SERVICE",
                                 help=" or ".join(OPTIONAL))  # fmt: skip
        enable.add_argument("--partner-code", help="1 to 8 characters; part of order numbers")
        enable.add_argument("--currency", help="of ISO 4217, as GBP")
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
        perform(actions)
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
        perform(actions)
        self.out.say(f"{_names(given)} off, and off the web; databases and indexes of {instance}"
                     " are kept.")  # fmt: skip


def _names(given: argparse.Namespace) -> str:
    return " and ".join(given.services).capitalize()


def _processors(names: list[str] | None, keys: str | None) -> dict[str, Any] | None:
    """By name; None where nothing is said of them."""
    if names is None and keys is None:
        return None
    text = text_of_argument(keys, option="--keys")[0] if keys else ""
    found = read_mapping(text, where="--keys")
    names = names if names is not None else list(found)
    if unused := [name for name in found if name not in names]:
        raise BadInput([f"--keys: {name} is not named with --processor." for name in unused])
    return {name: found.get(name) or {} for name in names}
