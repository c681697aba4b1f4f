"""`ocim image`: what hosts of app servers are made from, so that they are up sooner."""

import argparse
from collections.abc import Sequence

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.core.errors import ValidationError
from ocim.core.images import Image
from ocim.core.provisioning import ProvisionEvent
from ocim.operations import images
from ocim.store.models import OpenEdXInstance
from ocim.store.selectors import find_instance
from ocim.wiring import context

KEEP = 2
MEGABYTE = 10**6


class Command(OcimCommand):
    help = "Build, list and prune the images that app servers are made from."
    examples = """examples:
  ocim image build campus.example.com     before many app servers are spawned
  ocim image list
  ocim image prune --keep 1

A spawn uses the image for its release, configuration, playbook and services by itself. Where any of
what an image was made from has changed, it is no longer that image.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add = self.subcommands(parser)
        build = add("build", self.build, "build what the next spawns would use", json=True)
        build.add_argument("instances", nargs="+", metavar="INSTANCE", help="whose next spawns")
        add("list", self.list, "what there is, from what, and which hosts need it", json=True)
        prune = add("prune", self.prune, "take away what no host needs", json=True)
        prune.add_argument(
            "--keep", type=int, default=KEEP, metavar="N",
            help=f"but not the N newest of each provider; default: {KEEP}",
        )  # fmt: skip

    def build(self, given: argparse.Namespace) -> None:
        known = OpenEdXInstance.objects.select_related("ref_set", "database_server")
        found = [known.get(pk=find_instance(text).pk) for text in given.instances]
        wanted = {one.name: one for one in (images.of_instance(i, context()) for i in found)}
        built = {name: self._ensure(image) for name, image in wanted.items()}
        self._rows([one for one in images.listed(context()) if one.name in built])

    def list(self, given: argparse.Namespace) -> None:
        self._rows(images.listed(context()))

    def prune(self, given: argparse.Namespace) -> None:
        if given.keep < 0:
            raise ValidationError(["--keep must be 0 or more."])
        gone = images.prune(keep=given.keep, context=context())
        if not self.out.as_json:
            self.out.say(f"Taken away: {', '.join(one.name for one in gone) or 'none'}.")
        else:
            self._rows(gone)

    def _ensure(self, image: images.Wanted) -> bool:
        built = images.ensure(
            image, on_event=self._tell, is_cancelled=lambda: False, context=context()
        )
        self.out.say(f"Image {image.name} {'is built' if built else 'was there already'}.")
        return built

    def _tell(self, event: ProvisionEvent) -> None:
        if event.level != "debug":
            took = f" ({event.seconds:.1f} s)" if event.seconds else ""
            self.out.say(f"{event.time:%H:%M:%S} {event.text}{took}")

    def _rows(self, found: Sequence[Image]) -> None:
        self.out.rows(
            ("image", "provider", "release", "services", "playbook", "configuration", "built",
             "MB", "hosts"),
            [
                (one.name, one.inputs["provider"], one.inputs["release"], one.inputs["services"],
                 one.inputs["playbook"], one.inputs["configuration"],
                 one.built.isoformat(timespec="seconds"), one.size // MEGABYTE, list(one.hosts))
                for one in found
            ],
        )  # fmt: skip
