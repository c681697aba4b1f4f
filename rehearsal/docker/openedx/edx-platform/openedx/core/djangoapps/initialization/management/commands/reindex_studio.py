from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from openedx.core.lib.celery import rebuild_index


class Command(BaseCommand):
    help = "Let a worker of the studio build its search index."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--experimental", action="store_true")
        parser.add_argument("--init", action="store_true")

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Fail where the broker does not answer, as on the real platform."""
        rebuild_index.delay()
        self.stdout.write("A worker will build the index of the studio.")
