"""Limit this process, then become a command: `confine.py LIMITS COMMAND ARGUMENT …`.

It knows nothing of Ocim, since it is started without the packages of any environment. LIMITS is
JSON: `groups` are control groups to enter, `rlimits` are values by their name in `resource`.
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
"""Where the machine itself is out of memory, the command ends before any process of Ocim."""


def main(limits: str, command: list[str]) -> None:
    """Enter the groups, set the limits, leave the manager's keyring, and become the command."""
    wanted = json.loads(limits)
    for group in wanted["groups"]:
        Path(group, "cgroup.procs").write_text(str(os.getpid()))
    for name, value in wanted["rlimits"].items():
        kind = getattr(resource, name)
        hardest = resource.getrlimit(kind)[1]
        least = value if hardest == resource.RLIM_INFINITY else min(value, hardest)
        resource.setrlimit(kind, (least, least))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
    if number := KEYCTL.get(platform.machine()):
        ctypes.CDLL(None).syscall(number, JOIN_SESSION_KEYRING, None)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
