"""`ocim image`: file systems with the software installed, from which hosts start sooner."""

import argparse
from collections.abc import Sequence

from django.core.management.base import CommandParser

from ocim.console.command import OcimCommand
from ocim.console.progress import follow
from ocim.console.shared_options import INSTANCE
from ocim.core.errors import Conflict, ValidationError
from ocim.core.images import Image
from ocim.core.provisioning import TUTOR, ProvisionEvent
from ocim.operations import image_builds, images, jobs
from ocim.presentation.images import COLUMNS, row
from ocim.store.models import OpenEdXInstance
from ocim.store.selectors import find_instance
from ocim.tasks import enqueue
from ocim.wiring import context, queue_name

KEEP = 2


class Command(OcimCommand):
    help = "Build, list and delete the images that app servers' hosts are created from."
    examples = """examples:
  ocim image build campus.example.com     before many app servers are spawned
  ocim image list
  ocim image prune --keep 1
  ocim image remove 0f1e2d3c4b5a6978

A spawn uses the image of its release, configuration, playbook and services, if there is one. An
image is never changed: when one of these changes, the next spawn needs another image.

For an instance that Tutor provisions, `build` lets a worker run `tutor images build
openedx`, and push the image if TUTOR_DOCKER_REGISTRY is set.
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        add = self.subcommands(parser)
        build = add(
            "build", self.build, "Build the images that the next spawns would use.", json=True
        )
        build.add_argument("instances", nargs="+", metavar="INSTANCE", help=INSTANCE)
        add(
            "list",
            self.list,
            "List images, each with its sources and the hosts created from it.",
            json=True,
        )
        prune = add("prune", self.prune, "Delete images that no host needs.", json=True)
        prune.add_argument(
            "--keep",
            type=int,
            default=KEEP,
            metavar="N",
            help=f"Number of newest images to keep per kind of host (default: {KEEP}).",
        )

        remove = add("remove", self.remove, "Delete an image that no host needs.")
        remove.add_argument("name", metavar="NAME", help="Name of the image.")

    def build(self, options: argparse.Namespace) -> None:
        """Build the images of instances that do not exist yet."""
        known = OpenEdXInstance.objects.select_related("ref_set", "database_server")
        instances = [known.get(pk=find_instance(text).pk) for text in options.instances]
        for instance in instances:
            if instance.provisioner == TUTOR:
                self._build_by_tutor(instance)
        wanted = [
            images.of_instance(instance, context())
            for instance in instances
            if instance.provisioner != TUTOR
        ]
        for image in {image.name: image for image in wanted}.values():
            self._ensure(image)
        names = {image.name for image in wanted}
        if names or self.out.as_json:
            self._rows([image for image in images.listed(context()) if image.name in names])

    def _build_by_tutor(self, instance: OpenEdXInstance) -> None:
        """Let a worker build the instance's container image, which may take an hour."""
        job = image_builds.request(instance, queue=queue_name(), context=context())
        enqueue([jobs.wake_up(job)])
        follow(job, self.out)

    def list(self, options: argparse.Namespace) -> None:
        """Print a table of images."""
        self._rows(images.listed(context()))

    def prune(self, options: argparse.Namespace) -> None:
        """Delete images, and print their names. Raise ValidationError if --keep is negative."""
        if options.keep < 0:
            raise ValidationError([f"--keep is {options.keep}: it must be 0 or more."])
        deleted = images.prune(keep=options.keep, context=context())
        if not self.out.as_json:
            names = ", ".join(image.name for image in deleted) or "none"
            self.out.say(f"Deleted: {names}.")
        else:
            self._rows(deleted)

    def remove(self, options: argparse.Namespace) -> None:
        """Delete an image. Raise Conflict if there is none of the name, or if a host needs it."""
        for image in images.listed(context()):
            if image.name == options.name:
                images.remove(provider=image.inputs["provider"], name=image.name, context=context())
                self.out.say(f"Deleted: {image.name}.")
                return
        raise Conflict(f"No image {options.name!r}.", remedy="`ocim image list` shows all images.")

    def _ensure(self, image: images.Wanted) -> None:
        built = images.ensure(
            image, on_event=self._tell, is_cancelled=lambda: False, context=context()
        )
        self.out.say(f"Image {image.name} {'is built' if built else 'exists already'}.")

    def _tell(self, event: ProvisionEvent) -> None:
        if event.level != "debug":
            took = f" ({event.seconds:.1f} s)" if event.seconds else ""
            self.out.say(f"{event.time:%H:%M:%S} {event.text}{took}")

    def _rows(self, listed: Sequence[Image]) -> None:
        self.out.rows(COLUMNS, [tuple(row(image).values()) for image in listed])
