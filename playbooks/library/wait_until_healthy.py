#!/usr/bin/python
"""Waits until all programs of a service answer 200, and says why one does not.

    - wait_until_healthy:
        programs:
          - {name: lms, url: http://127.0.0.1:8000/heartbeat, host: lms.example.com, log: /lms.log}
        timeout: 60

`host` is the Host header. It asks ten times a second for `timeout` seconds, less where supervisord
has given up on a program. The message of a failure ends with the end of the program's log.
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
    "url": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
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
    deadline = time.monotonic() + module.params["timeout"]
    if not module.check_mode:
        for program in module.params["programs"]:
            if problem := wait(module, program, deadline):
                end = end_of_log(Path(program["log"]))
                module.fail_json(msg=f"{program['name']} {problem}. Its log ends with:\n{end}")
    module.exit_json(changed=False)


def wait(module: Any, program: dict[str, str], deadline: float) -> str | None:
    """Return what is wrong with it for good; None once it is healthy."""
    look_at_supervisor = time.monotonic() + SUPERVISOR_PAUSE
    while problem := ask(program):
        now = time.monotonic()
        if now > deadline:
            return f"is not healthy ({problem})"
        if now > look_at_supervisor:
            status = [module.params["supervisor_ctl"], "status", program["name"]]
            if "FATAL" in module.run_command(status)[1]:
                return "does not start"
            look_at_supervisor = time.monotonic() + SUPERVISOR_PAUSE
        time.sleep(PAUSE)
    return None


def ask(program: dict[str, str]) -> str | None:
    """Return why it is not healthy just now; None where it is."""
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
