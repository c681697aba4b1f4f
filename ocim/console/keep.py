"""`python -m ocim.console.keep COMMAND…`: run a command, and start it again when it dies.

For the Procfile: honcho ends everything when one process ends, and a process that was killed must
come back. The command ends with this process, however that ends. Under systemd, `Restart=always`
does the same.
"""

import contextlib
import ctypes
import signal
import subprocess
import sys
import time
from typing import NoReturn

PR_SET_PDEATHSIG = 1
PAUSES = (0.2, 1.0, 3.0, 10.0)
"""Seconds before the next start, longer each time while the command dies young."""
YOUNG = 30.0
"""Seconds; a command that lived longer is started again at once."""
PATIENCE = 4.0
"""Seconds that the command is given to end when it is told to; honcho waits for 5."""


class Told(Exception):
    """A signal told this process to end."""


def keep(command: list[str]) -> NoReturn:
    """Run it again and again; raises Told, once it has ended for good."""
    deaths = 0
    while True:
        started = time.monotonic()
        with subprocess.Popen(command, preexec_fn=die_with_parent) as process:  # noqa: PLW1509
            try:
                status = process.wait()
            except Told:
                _end(process)
                raise
        deaths = 0 if time.monotonic() - started > YOUNG else deaths + 1
        pause = PAUSES[min(deaths, len(PAUSES) - 1)]
        sys.stderr.write(f"ended with status {status}; starts again in {pause:g} s\n")
        time.sleep(pause)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


def die_with_parent() -> None:
    """Between fork and exec: have the kernel end the process when the one that made it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _tell(*_: object) -> NoReturn:
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.SIG_IGN)
    raise Told


if __name__ == "__main__":
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, _tell)
    with contextlib.suppress(Told):
        keep(sys.argv[1:])
