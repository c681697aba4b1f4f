"""The `ocim` script, and `manage.py`: Django's management commands under one name."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocim.project.settings")
    execute_from_command_line(sys.argv)
