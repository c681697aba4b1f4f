"""The command line shared by all services: which one, which settings, then Django's commands."""

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
# The real platform's settings modules; here the YAML file alone decides, whichever is named.
SETTINGS_NAMES = ("production", "aws")


def main(argv: Sequence[str]) -> None:
    """Run `argv` (program, service, command, options) and exit with the command's status.

    The service is left out where the environment tells it, as that of its server does. A wrong
    configuration ends it with one line that says what is wrong.
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
    """`ecommerce` where DJANGO_SETTINGS_MODULE is, say, `ecommerce.settings.production`."""
    return os.environ.get("DJANGO_SETTINGS_MODULE", "").partition(".")[0]


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
