import sys
from typing import Any

from django.core.management.commands.shell import Command as Shell


class Command(Shell):
    """Django's shell without imports and announcements: a script's output is its own."""

    def get_auto_imports(self) -> None:
        return None

    def handle(self, **options: Any) -> None:
        """Run `-c CODE`, or standard input up to its end, however slowly it comes."""
        if not options["command"] and not sys.stdin.isatty():
            options["command"] = sys.stdin.read()
            if not options["command"]:
                return
        super().handle(**options)
