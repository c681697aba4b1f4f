"""Limit this process, then become a command: `confine.py LIMITS COMMAND ARGUMENT …`.

It imports nothing of Ocim, because it is started without the packages of any environment. LIMITS is
a JSON object: `groups` lists control groups to enter, `rlimits` maps names in `resource` to values.
"""

import ctypes
import json
import os
import platform
import resource
import sys
from contextlib import suppress
from pathlib import Path

KEYCTL = {"x86_64": 250, "aarch64": 219}
JOIN_SESSION_KEYRING = 1
FIRST_TO_GO = "500"
"""Value of oom_score_adj: the kernel kills this command first if memory runs out."""


def main(limits: str, command: list[str]) -> None:
    """Enter the groups, set the limits, leave the manager's keyring, and run the command."""
    values = json.loads(limits)
    for group in values["groups"]:
        Path(group, "cgroup.procs").write_text(str(os.getpid()))
    for name, value in values["rlimits"].items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
    if number := KEYCTL.get(platform.machine()):
        ctypes.CDLL(None).syscall(number, JOIN_SESSION_KEYRING, None)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
