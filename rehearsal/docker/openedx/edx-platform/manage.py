#!/usr/bin/env python3
"""`manage.py lms|cms [--settings=MODULE] COMMAND`, as on the real platform."""

import os
import sys

from django.core.management import execute_from_command_line

USAGE = "usage: manage.py lms|cms [--settings=MODULE] COMMAND …"


def main(argv: list[str]) -> None:
    """Run a command of the LMS or the studio.

    `--settings=tutor.production` means the module lms.envs.tutor.production. Without the option
    the environment's DJANGO_SETTINGS_MODULE counts.
    """
    program, *arguments = argv
    service = arguments.pop(0) if arguments else ""
    if service not in {"lms", "cms"} or not arguments:
        raise SystemExit(USAGE)
    os.environ["SERVICE_VARIANT"] = service
    for argument in [argument for argument in arguments if argument.startswith("--settings=")]:
        arguments.remove(argument)
        os.environ["DJANGO_SETTINGS_MODULE"] = f"{service}.envs.{argument.partition('=')[2]}"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{service}.envs.production")
    execute_from_command_line([f"{program} {service}", *arguments])


if __name__ == "__main__":
    main(sys.argv)
