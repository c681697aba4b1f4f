from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Fill the table of countries."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--initial-only", action="store_true")

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write("The rehearsal sends nothing to countries: nothing to do.")
