#!/usr/bin/python
"""Has supervisord run programs as they are configured by now, and waits until all of them work.

    - run_programs:
        programs:
          - {name: lms, url: http://127.0.0.1:8000/heartbeat, host: lms.example.com, log: /lms.log}
          - {name: ecomworker, log: /ecomworker.log}
        timeout: 60

Those whose configuration has changed are restarted, those that do not run are started; changed
where there were any. One with a `url` works when that answers 200 (`host` is the Host header), one
without when supervisord takes it for running. They are waited for `timeout` seconds in all, less
where supervisord has given up on one. The message of a failure ends with the end of its log.
"""

import http.client
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

PROGRAM = {
    "name": {"type": "str", "required": True},
    "url": {"type": "str"},
    "host": {"type": "str"},
    "log": {"type": "path", "required": True},
}
ARGUMENTS = {
    "programs": {"type": "list", "elements": "dict", "options": PROGRAM, "required": True},
    "supervisor_ctl": {"type": "str", "default": "supervisorctl"},
    "timeout": {"type": "float", "default": 60},
}
PAUSE = 0.1
SUPERVISOR_PAUSE = 2
LOG_LINES = 100

# No proxy: what is asked is on this machine.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    if module.check_mode:
        module.exit_json(changed=False)
    programs = module.params["programs"]
    said = run([program["name"] for program in programs], module)
    deadline = time.monotonic() + module.params["timeout"]
    for program in programs:
        if problem := wait(module, program, deadline):
            end = end_of_log(Path(program["log"]))
            module.fail_json(msg=f"{program['name']} {problem}. Its log ends with:\n{end}")
    module.exit_json(changed=bool(said), said=said)


def run(names: list[str], module: Any) -> list[str]:
    """Return what supervisord has done."""
    status, updated, error = module.run_command([module.params["supervisor_ctl"], "update", *names])
    if status:
        module.fail_json(msg=f"supervisord does not take the programs: {updated}{error}")
    _, started, _ = module.run_command([module.params["supervisor_ctl"], "start", *names])
    lines = [*updated.splitlines(), *started.splitlines()]
    return [line for line in lines if "already started" not in line]


def wait(module: Any, program: dict[str, str], deadline: float) -> str | None:
    """Return what is wrong with it for good; None once it is healthy."""
    look_at_supervisor = 0.0 if program["url"] is None else time.monotonic() + SUPERVISOR_PAUSE
    while problem := ask(program):
        now = time.monotonic()
        if now > deadline:
            return f"is not healthy ({problem})"
        if now > look_at_supervisor:
            status = module.run_command(
                [module.params["supervisor_ctl"], "status", program["name"]]
            )[1]
            if "FATAL" in status:
                return "does not start"
            if program["url"] is None and "RUNNING" in status:
                return None
            look_at_supervisor = now + (PAUSE if program["url"] is None else SUPERVISOR_PAUSE)
        time.sleep(PAUSE)
    return None


def ask(program: dict[str, str]) -> str | None:
    """Return why it is not healthy just now; None where it is."""
    if program["url"] is None:
        return "it has not run for long enough"
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
