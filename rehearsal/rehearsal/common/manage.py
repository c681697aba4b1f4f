"""The command line shared by all services: which one, which settings, then Django's commands."""

import os
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

SERVICES = {
    "lms": "rehearsal.edxapp.settings",
    "cms": "rehearsal.edxapp.settings",
}
# The real platform's settings modules; here the YAML file alone decides, whichever is named.
SETTINGS_NAMES = ("production", "aws")


def main(argv: Sequence[str]) -> None:
    """Run `argv` (program, service, command, options) and exit with the command's status.

    A wrong configuration ends it with one line that says what is wrong.
    """
    program, *arguments = argv
    if not arguments or arguments[0] not in SERVICES:
        raise SystemExit(f"usage: {program} {'|'.join(SERVICES)} [--settings=production] COMMAND …")
    service, *arguments = arguments
    os.environ["SERVICE_VARIANT"] = service
    os.environ["DJANGO_SETTINGS_MODULE"] = SERVICES[service]
    try:
        execute_from_command_line([f"{program} {service}", *without_settings(arguments)])
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None


def without_settings(arguments: Sequence[str]) -> list[str]:
    """`arguments` less `--settings NAME`, wherever it stands.

    Raises SystemExit for a name that the real platform's servers do not use.
    """
    kept: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--settings" or argument.startswith("--settings="):
            name = argument.partition("=")[2] or next(remaining, "")
            if name not in SETTINGS_NAMES:
                raise SystemExit(f"--settings is one of {', '.join(SETTINGS_NAMES)}, not '{name}'")
        else:
            kept.append(argument)
    return kept
