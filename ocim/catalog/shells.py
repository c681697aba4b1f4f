"""How a service's own Python is reached on an app server: the same paths with every configuration.

Programs are given by standard input, so that nothing of them is seen among the processes.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocim.core.spec import Service

RESULT = "OCIM-RESULT: "
"""What the line begins with that holds a program's result: services print what they like."""
# One line, which interactive interpreters understand too, as `shell` is one before Django 1.11; and
# with names of its own, as Django runs it in a function, whose functions do not see one another.
_LINE = "exec({text!r}, {{'GIVEN': {given!r}, 'CALLED': {called!r}, 'RESULT': {result!r}}})\n"
_CALL = """
import json
GIVEN = json.loads(GIVEN)
try:
    answer = {"result": globals()[CALLED](GIVEN)}
except Exception as error:
    answer = {"error": "%s: %s" % (type(error).__name__, error)}
print("\\n" + RESULT + json.dumps(answer))
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """The shell of one service's Django."""

    user: str
    home: str
    """Below `/edx/app`."""
    code: str
    """Below `home`."""
    manage: str
    """What is said to the service's `manage.py` before the command."""


SHELLS: Mapping[Service, Shell] = {
    Service.LMS: Shell("edxapp", "edxapp", "edx-platform", "lms --settings=production"),
    Service.STUDIO: Shell("edxapp", "edxapp", "edx-platform", "cms --settings=production"),
    Service.ECOMMERCE: Shell("ecommerce", "ecommerce", "ecommerce", ""),
    Service.DISCOVERY: Shell("discovery", "discovery", "discovery", ""),
}


def manage(service: Service, arguments: str, root: str = "") -> str:
    """A line for bash that runs the service's `manage.py` with these arguments, quoted ones."""
    shell = SHELLS[service]
    at = shlex.quote(root)
    home = f"{at}/edx/app/{shell.home}"
    words = [
        f"{at}/edx/bin/python.{shell.home}",
        f"{at}/edx/bin/manage.{shell.home}",
        *([shell.manage] if shell.manage else []),
        arguments,
    ]
    return f"cd {home}/{shell.code} && . {home}/{shell.home}_env && exec {' '.join(words)}"


def python(service: Service, root: str = "") -> Sequence[str]:
    """What to run on the host so that a `program` on standard input is run by the service."""
    line = manage(service, "shell", root)
    return ["sudo", "-n", "-H", "-u", SHELLS[service].user, "bash", "-c", line]


def program(text: str, called: str, given: Mapping[str, Any]) -> str:
    """The standard input: `called` is a function in `text`, given a mapping that JSON can hold."""
    return _LINE.format(text=text + _CALL, given=json.dumps(given), called=called, result=RESULT)


def result(output: str) -> dict[str, Any] | None:
    """What the program came to: `result`, or `error`; None where it did not get that far."""
    lines = [line for line in output.splitlines() if RESULT in line]
    if not lines:
        return None
    answer: dict[str, Any] = json.loads(lines[-1].partition(RESULT)[2])
    return answer
