"""Commands that run programs in a service's Django, at paths that all configurations share.

Programs go to standard input, so that the list of processes does not show them.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ocim.core.instance import Service

RESULT = "OCIM-RESULT: "
"""Prefix of the output line with a program's results, since services print other lines, too."""
# One line, since `shell` is an interactive interpreter before Django 1.11.
_LINE = "exec({text!r}, {{'PARTS': {parts!r}, 'STOP': {stop!r}, 'RESULT': {result!r}}})\n"
_RUN = """
import json
answers = []
for part in json.loads(PARTS):
    names = {}
    try:
        exec(part["text"], names)
        answers.append({"result": names[part["function"]](part["arguments"])})
    except Exception as error:
        answers.append({"error": "%s: %s" % (type(error).__name__, error)})
        if STOP:
            break
print("\\n" + RESULT + json.dumps(answers))
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """Paths and user of a service's Django."""

    user: str
    home: str
    """Home directory, below `/edx/app`."""
    code: str
    """Directory of the code, below `home`."""
    manage: str
    """Arguments of the service's `manage.py` before the command."""


SHELLS: Mapping[Service, Shell] = {
    Service.LMS: Shell("edxapp", "edxapp", "edx-platform", "lms --settings=production"),
    Service.STUDIO: Shell("edxapp", "edxapp", "edx-platform", "cms --settings=production"),
    Service.ECOMMERCE: Shell("ecommerce", "ecommerce", "ecommerce", ""),
    Service.DISCOVERY: Shell("discovery", "discovery", "discovery", ""),
}


def manage(service: Service, arguments: str, root: str = "") -> str:
    """Return a line for bash that runs the service's `manage.py` with these quoted arguments."""
    shell = SHELLS[service]
    prefix = shlex.quote(root) if root else ""
    home = f"{prefix}/edx/app/{shell.home}"
    words = [
        f"{prefix}/edx/bin/python.{shell.home}",
        f"{prefix}/edx/bin/manage.{shell.home}",
        *([shell.manage] if shell.manage else []),
        arguments,
    ]
    return f"cd {home}/{shell.code} && . {home}/{shell.home}_env && exec {' '.join(words)}"


def python(service: Service, root: str = "") -> Sequence[str]:
    """Return the command for a host that runs a `program` from standard input in the service."""
    line = manage(service, "shell", root)
    return ["sudo", "-n", "-H", "-u", SHELLS[service].user, "bash", "-c", line]


@dataclass(frozen=True, slots=True)
class Part:
    """Function to call in a service's Django, with its argument."""

    text: str
    """Source of the module that has the function; it runs on Python 2.7 and later."""
    function: str
    arguments: Mapping[str, Any]
    """Argument of the function, in types that JSON has."""


def program(parts: Sequence[Part], *, stop: bool) -> str:
    """Return the program that runs the parts in order; `stop`: end after the first that fails."""
    encoded = json.dumps([asdict(part) for part in parts])
    return _LINE.format(text=_RUN, parts=encoded, stop=stop, result=RESULT)


def results(output: str) -> list[dict[str, Any]] | None:
    """Return `result` or `error` of each part that ran; None if the program printed no results."""
    lines = [line for line in output.splitlines() if RESULT in line]
    if not lines:
        return None
    answers: list[dict[str, Any]] = json.loads(lines[-1].partition(RESULT)[2])
    return answers
