from django.core.management.base import CommandParser

from openedx.core.djangoapps.initialization.nothing import NothingToDo


class Command(NothingToDo):
    help = "Put the content of courses into the search index."
    reason = "The rehearsal's courses have no content"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--active", action="store_true")
        parser.add_argument("--all", action="store_true")
        parser.add_argument("--setup", action="store_true")
