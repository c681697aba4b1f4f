"""How a service's own Python is reached on an app server: the same paths with every configuration.

Programs are given by standard input, so that nothing of them is seen among the processes.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ocim.core.instance import Service

RESULT = "OCIM-RESULT: "
"""What the line begins with that holds a program's result: services print what they like."""
# One line, which interactive interpreters understand too, as `shell` is one before Django 1.11.
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
    at = shlex.quote(root) if root else ""
    home = f"{at}/edx/app/{shell.home}"
    words = [
        f"{at}/edx/bin/python.{shell.home}",
        f"{at}/edx/bin/manage.{shell.home}",
        *([shell.manage] if shell.manage else []),
        arguments,
    ]
    return f"cd {home}/{shell.code} && . {home}/{shell.home}_env && exec {' '.join(words)}"


def python(service: Service, root: str = "") -> Sequence[str]:
    """What to run on the host so that the service runs a `program` on standard input."""
    line = manage(service, "shell", root)
    return ["sudo", "-n", "-H", "-u", SHELLS[service].user, "bash", "-c", line]


@dataclass(frozen=True, slots=True)
class Part:
    """A function to call in a service's Django."""

    text: str
    """Of the program: a module that runs on the Python of any release, 2.7 too."""
    function: str
    arguments: Mapping[str, Any]
    """Its argument; JSON can hold it."""


def program(parts: Sequence[Part], *, stop: bool) -> str:
    """The standard input: the parts are run in their order; `stop`: up to the first that fails."""
    every = json.dumps([asdict(part) for part in parts])
    return _LINE.format(text=_RUN, parts=every, stop=stop, result=RESULT)


def results(output: str) -> list[dict[str, Any]] | None:
    """What each part that ran came to: `result`, or `error`; None where it did not get that far."""
    lines = [line for line in output.splitlines() if RESULT in line]
    if not lines:
        return None
    answers: list[dict[str, Any]] = json.loads(lines[-1].partition(RESULT)[2])
    return answers
