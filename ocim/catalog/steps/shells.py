"""Commands that run programs in a service's Django, on hosts and in containers.

On hosts all releases share the paths of virtual environments and code: from koa on `/edx/bin` has
no `python.SERVICE`. Containers have the right directory, user and settings by themselves. Programs
go to standard input, so that the list of processes does not show them. A shell takes
seconds to start: one runs many programs, each in a copy of itself.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ocim.catalog.releases import Traits
from ocim.core.hosts import ANSWERED
from ocim.core.instance import Service
from ocim.core.provisioning import ANSIBLE, TUTOR

RESULT = "OCIM-RESULT: "
"""Prefix of the output line with a program's results, since services print other lines, too."""
_SERVE = """
import io
import json
import multiprocessing
import sys
import traceback
from django.db import connections
def answer(part, again):
    names = {}
    try:
        exec(part["text"], names)
        return {"result": names[part["function"]](part["arguments"])}
    except (Exception, SystemExit) as error:
        # Unlike str(), it has a text for whatever letters Python 2 finds in an error.
        line = traceback.format_exception_only(type(error), error)[-1]
        # A deadlock is nobody's fault: MySQL and PostgreSQL choose a victim, and expect it to
        # begin again.
        if again and "deadlock" in line.lower():
            return answer(part, again - 1)
        return {"error": "%s: %s" % (type(error).__name__, line.partition(": ")[2].strip())}
def run(program):
    answers = []
    for part in program["parts"]:
        answers.append(answer(part, AGAIN))
        if program["stop"] and "error" in answers[-1]:
            break
    print("\\n" + RESULT + json.dumps(answers))
connections.close_all()  # no two processes may use the same connection
# Python 2.7 has no contexts, and always forks.
context = getattr(multiprocessing, "get_context", lambda _method: multiprocessing)("fork")
for line in io.open(3, encoding="utf-8"):
    child = context.Process(target=run, args=(json.loads(line),))
    child.start()
    child.join()
    print("\\n" + ANSWERED + str(child.exitcode))
    sys.stdout.flush()
"""
"""Program that runs programs, each in a process that begins as the shell began."""
# One line, since `shell` is an interactive interpreter before Django 1.11.
_LINE = "exec({text!r}, {{'RESULT': {result!r}, 'ANSWERED': {answered!r}, 'AGAIN': 2}})"


@dataclass(frozen=True, slots=True)
class Shell:
    """Paths and user of a service's Django."""

    user: str
    home: str
    """Home directory, below `/edx/app`, and name of the virtual environment in it."""
    code: str
    """Directory of the code, below `home`."""
    variant: str
    """First argument of `manage.py`, which two services share; empty: it has a service alone."""


SHELLS: Mapping[Service, Shell] = {
    Service.LMS: Shell("edxapp", "edxapp", "edx-platform", "lms"),
    Service.STUDIO: Shell("edxapp", "edxapp", "edx-platform", "cms"),
    Service.ECOMMERCE: Shell("ecommerce", "ecommerce", "ecommerce", ""),
    Service.DISCOVERY: Shell("discovery", "discovery", "discovery", ""),
}
CONTAINERS: Mapping[Service, str] = {
    Service.LMS: "lms",
    Service.STUDIO: "cms",
    Service.ECOMMERCE: "ecommerce",
    Service.DISCOVERY: "discovery",
}
"""Names of the services in a compose project."""


def manage(
    service: Service, arguments: str, traits: Traits, root: str = "", *, provisioner: str = ANSIBLE
) -> str:
    """Return a line for bash that runs the service's `manage.py` with these quoted arguments.

    It is for the service's user on a host with this root, or for its container.
    """
    shell = SHELLS[service]
    if provisioner == TUTOR:
        return " ".join(["exec ./manage.py", *filter(None, [shell.variant]), arguments])
    home = f"{shlex.quote(root) if root else ''}/edx/app/{shell.home}"
    words = [f"{home}/venvs/{shell.home}/bin/python", "./manage.py"]
    if shell.variant:
        words += [shell.variant, f"--settings={traits.edxapp_settings}"]
    command = " ".join([*words, arguments])
    return f"cd {home}/{shell.code} && . {home}/{shell.home}_env && exec {command}"


def in_container(service: Service, line: str, *, detached: bool = False) -> str:
    """Return a line for sh that runs a line for bash in the service's container.

    The environment of a host names the project, the Docker engine, and the session that the line
    ends with. `detached`: do not wait for its end, which is nobody else's.
    """
    way = "-d" if detached else "-i --env OCIM_SESSION"
    name = f'"$COMPOSE_PROJECT_NAME-{CONTAINERS[service]}-1"'
    return f"docker exec {way} {name} bash -c {shlex.quote(line)}"


def session(
    service: Service, traits: Traits, root: str = "", *, provisioner: str = ANSIBLE
) -> Sequence[str]:
    """Return the command for a host whose session runs a `program` per line in the service.

    The shell reads its own program to the end of its input, so that those of the session come by
    another one.
    """
    serve = _LINE.format(text=_SERVE, result=RESULT, answered=ANSWERED)
    shell = manage(service, "shell", traits, root, provisioner=provisioner)
    line = f"exec 3<&0; {shell} <<<{shlex.quote(serve)}"
    if provisioner == TUTOR:
        return ["sh", "-c", f"exec {in_container(service, line)}"]
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
    """Return the line that runs the parts in order; `stop`: end after the first that fails.

    A part that a deadlock of its database ends is run again, at most twice.
    """
    return json.dumps({"parts": [asdict(part) for part in parts], "stop": stop})


def results(output: str) -> list[dict[str, Any]] | None:
    """Return `result` or `error` of each part that ran; None if the program printed no results."""
    lines = [line for line in output.splitlines() if RESULT in line]
    if not lines:
        return None
    answers: list[dict[str, Any]] = json.loads(lines[-1].partition(RESULT)[2])
    return answers
