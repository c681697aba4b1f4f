"""Command line of all services: it chooses service and settings, then runs Django's commands."""

import os
from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

SERVICES = {
    "lms": "rehearsal.edxapp.settings",
    "cms": "rehearsal.edxapp.settings",
    "discovery": "rehearsal.discovery.settings",
    "ecommerce": "rehearsal.ecommerce.settings",
}
# Settings modules of the real platform's servers. Here the YAML file decides all settings, and a
# module that the release does not have is refused.
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
    named, rest = settings_named(arguments)
    try:
        if named:
            require_module_of_release(service, named)
        execute_from_command_line([f"{program} {service}", *rest])
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None


def service_of_environment() -> str:
    """Return the first part of DJANGO_SETTINGS_MODULE, as in `ecommerce.settings.production`.

    What another command starts has its settings, and is for its service.
    """
    module = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    if module in SERVICES.values():
        return os.environ.get("SERVICE_VARIANT", "")
    return module.partition(".")[0]


def require_module_of_release(service: str, named: str) -> None:
    """Raise SystemExit for settings that came with a later release."""
    own: str = settings.RELEASE.settings_module
    if named == "production" and own != named:
        raise SystemExit(
            f"ModuleNotFoundError: No module named '{service}.envs.{named}': the settings of"
            f" {settings.RELEASE.name} are '{own}'."
        )


def settings_named(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return the name in `--settings NAME`, at any position, and the other arguments.

    Raise SystemExit for a name that the real platform's servers do not use.
    """
    kept: list[str] = []
    module = ""
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--settings" or argument.startswith("--settings="):
            module = argument.partition("=")[2] or next(remaining, "")
            if module not in SETTINGS_NAMES:
                raise SystemExit(
                    f"--settings must be one of {', '.join(SETTINGS_NAMES)}, not '{module}'"
                )
        else:
            kept.append(argument)
    return module, kept
