"""Command line of all services: it chooses service and settings, then runs Django's commands."""

import os
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

SERVICES = {
    "lms": "rehearsal.edxapp.settings",
    "cms": "rehearsal.edxapp.settings",
    "discovery": "rehearsal.discovery.settings",
    "ecommerce": "rehearsal.ecommerce.settings",
}
# Settings modules of the real platform. They are ignored here: the YAML file alone decides.
SETTINGS_NAMES = ("production", "aws")


def main(argv: Sequence[str]) -> None:
    """Run `argv` (program, service, command, options) and exit with the command's status.

    The service may be left out if the environment names it, as on its server. A wrong
    configuration ends the program with a line that tells the fault.
    """
    program, *arguments = argv
    if arguments and arguments[0] in SERVICES:
        service, *arguments = arguments
    else:
        service = service_of_environment()
    if not arguments or service not in SERVICES:
        raise SystemExit(f"usage: {program} {'|'.join(SERVICES)} [--settings=production] COMMAND …")
    os.environ["SERVICE_VARIANT"] = service
    os.environ["DJANGO_SETTINGS_MODULE"] = SERVICES[service]
    try:
        execute_from_command_line([f"{program} {service}", *without_settings(arguments)])
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None


def service_of_environment() -> str:
    """Return the first part of DJANGO_SETTINGS_MODULE, as in `ecommerce.settings.production`."""
    return os.environ.get("DJANGO_SETTINGS_MODULE", "").partition(".")[0]


def without_settings(arguments: Sequence[str]) -> list[str]:
    """Return the arguments without `--settings NAME`, at any position.

    Raise SystemExit for a name that the real platform's servers do not use.
    """
    kept: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--settings" or argument.startswith("--settings="):
            name = argument.partition("=")[2] or next(remaining, "")
            if name not in SETTINGS_NAMES:
                raise SystemExit(
                    f"--settings must be one of {', '.join(SETTINGS_NAMES)}, not '{name}'"
                )
        else:
            kept.append(argument)
    return kept
