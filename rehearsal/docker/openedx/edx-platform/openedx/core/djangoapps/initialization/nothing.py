"""Commands of the real platform that have nothing to do in the rehearsal."""

from typing import Any

from django.core.management.base import BaseCommand


class NothingToDo(BaseCommand):
    """A command that says why it does nothing."""

    reason = ""

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"{self.reason}: nothing to do.")
