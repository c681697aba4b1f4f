#!/usr/bin/python
"""Let supervisord run programs with their current configuration, and wait until all work.

    - run_programs:
        programs:
          - {name: lms, url: http://127.0.0.1:8000/heartbeat, host: lms.example.com, log: /lms.log}
          - {name: ecomworker, log: /ecomworker.log, ready: " ready."}
        socket: /run/supervisor.sock
        timeout: 60

Programs with a changed configuration are restarted, and programs that do not run are started; then
the task is changed. A program with a `url` works when the URL answers 200 (`host` is the Host
header). A program without a URL works when supervisord reports it as running. If it has just been
started and has `ready`, its log must contain that text, too: it may take long to find out that it
cannot work. The task waits `timeout` seconds for all programs together, and fails earlier if
supervisord has given up on one. The message of a failure ends with the end of the program's log.

With `wait: false` the task is over once they are started; another one waits for them. Programs with
`ready` are for that one alone: their logs are read from its beginning.

The task calls supervisord's API (http://supervisord.org/api.html), since every supervisorctl would
take as long as the start of a program.
"""

import http.client
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
import xmlrpc.client
from http import HTTPStatus
from pathlib import Path
from typing import Any

STARTED = {"STARTING", "RUNNING", "BACKOFF"}
ALREADY_STARTED = 60
PAUSE = 0.1
LOG_LINES = 100

# Use no proxy: the programs are on this machine.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ToSocket(xmlrpc.client.Transport):
    """Transport of calls over a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        # Connect from its directory, because a socket's path must be shorter than 108 bytes.
        os.chdir(path.parent)
        self._name = path.name

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self._name)
        return connection


class NotWorking(Exception):
    """A program does not work, with its name and the reason."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem


def main() -> None:
    wanted = json.loads(r"""<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>""")
    sys.stdout.write(json.dumps(result_of(wanted)))


def result_of(wanted: dict[str, Any]) -> dict[str, Any]:
    if wanted["_ansible_check_mode"]:
        return {"changed": False}
    programs = {program["name"]: program for program in wanted["programs"]}
    for program in programs.values():
        program["said"] = size_of(Path(program["log"]))
    try:
        transport = ToSocket(Path(wanted["socket"]))
        supervisor: Any = xmlrpc.client.ServerProxy("http://localhost", transport).supervisor
        done = run(supervisor, list(programs))
        if not wanted.get("wait", True):
            return {"changed": bool(done), "done": done}
        for name in programs.keys() - set(done):
            programs[name]["ready"] = None
        deadline = time.monotonic() + float(wanted["timeout"])
        wait(supervisor, list(programs.values()), deadline)
    except NotWorking as fault:
        end = end_of_log(Path(programs[fault.name]["log"]))
        message = f"{fault.name} {fault.problem}. Its log ends with:\n{end}"
        return {"failed": True, "msg": message}
    except (OSError, xmlrpc.client.Error) as error:
        return {"failed": True, "msg": f"supervisord does not take the programs: {error}"}
    return {"changed": bool(done), "done": done}


def run(supervisor: Any, names: list[str]) -> list[str]:
    """Restart changed programs, and start those that do not run. Return what was done."""
    [[added, changed, _removed]] = supervisor.reloadConfig()
    for name in names:
        if name in changed:
            supervisor.stopProcessGroup(name)
            supervisor.removeProcessGroup(name)
        if name in changed or name in added:
            supervisor.addProcessGroup(name)
    to_start = [name for name in names if state_of(supervisor, name) not in STARTED]
    for name in to_start:
        start(supervisor, name)
    return [name for name in names if name in {*changed, *added, *to_start}]


def start(supervisor: Any, name: str) -> None:
    try:
        supervisor.startProcess(name, False)  # do not wait until it has started
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != ALREADY_STARTED:
            raise NotWorking(name, f"does not start ({fault.faultString})") from fault


def wait(supervisor: Any, programs: list[dict[str, Any]], deadline: float) -> None:
    """Wait until all programs work. Raise NotWorking for the first that does not."""
    while True:
        found = {one["name"]: problem_of(supervisor, one) for one in programs}
        problems = {name: problem for name, problem in found.items() if problem}
        if not problems:
            return
        if time.monotonic() > deadline:
            name, problem = next(iter(problems.items()))
            raise NotWorking(name, f"is not healthy ({problem})")
        programs = [one for one in programs if one["name"] in problems]
        time.sleep(PAUSE)


def problem_of(supervisor: Any, program: dict[str, Any]) -> str | None:
    """Return the reason why the program does not work yet; None if it works."""
    state = state_of(supervisor, program["name"])
    if state == "FATAL":
        raise NotWorking(program["name"], "does not start")
    if program.get("url"):
        return ask(program)
    if program.get("ready"):
        is_ready = state in {"STARTING", "RUNNING"} and says_ready(program)
    else:
        is_ready = state == "RUNNING"
    return None if is_ready else f"it is {state}"


def state_of(supervisor: Any, name: str) -> str:
    return str(supervisor.getProcessInfo(name)["statename"])


def says_ready(program: dict[str, Any]) -> bool:
    """Return True if the program has logged its text `ready` since this run began."""
    log = Path(program["log"])
    if not log.exists():
        return False
    with log.open(errors="replace") as file:
        file.seek(program["said"])
        return program["ready"] in file.read()


def size_of(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def ask(program: dict[str, Any]) -> str | None:
    """Return the fault of the program's response; None if its status is 200."""
    try:
        request = urllib.request.Request(program["url"], headers={"Host": program["host"]})  # noqa: S310
        with opener.open(request, timeout=10) as response:
            return None if response.status == HTTPStatus.OK else f"status {response.status}"
    except urllib.error.HTTPError as error:
        with error:
            body = " ".join(error.read(300).decode(errors="replace").split())
        return f"status {error.code}: {body}"
    except (OSError, http.client.HTTPException) as error:
        return str(getattr(error, "reason", error))


def end_of_log(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
    except OSError as error:
        return str(error)


if __name__ == "__main__":
    main()
