"""The supervisord of a local host."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ocim.adapters import programs
from ocim.adapters.providers import processes
from ocim.adapters.providers.local.root import environment
from ocim.adapters.providers.local.shims import SOCKET, SUPERVISOR_CONF
from ocim.core.errors import PermanentError, TransientError

START_SECONDS = 60.0
BOOT = [sys.executable, "-I", "-m", "ocim.adapters.providers.local.boot"]
"""Command that becomes the supervisord of the host that its environment names."""


def start(root: Path, argv: Sequence[str]) -> None:
    """Start supervisord as a daemon; raise PermanentError with its message if it does not start.

    `argv` is BOOT, wrapped in the host's sandbox.
    """
    with tempfile.TemporaryFile() as output:
        try:
            status = programs.run_detached(
                argv, output=output, timeout=START_SECONDS, cwd=root, env=environment(root)
            )
        except subprocess.TimeoutExpired as error:
            raise TransientError(
                f"The supervisord of {root.name} did not start in {START_SECONDS:g} s."
            ) from error
        output.seek(0)
        message = output.read().decode(errors="replace").strip() or f"exit status {status}"
    if status != 0:
        raise PermanentError(
            f"The supervisord of {root.name} does not start: {message}",
            remedy=f"See {root}/var/log/supervisord.log, and the files that {SUPERVISOR_CONF}"
            " includes.",
        )


def answers(root: Path) -> bool:
    """Return True if supervisord accepts commands."""
    path, name = os.path.split(root / SOCKET)
    try:
        directory = os.open(path, os.O_PATH)
    except FileNotFoundError:
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1.0)
            # Through /proc because a socket's path must be shorter than 108 bytes.
            client.connect(f"/proc/self/fd/{directory}/{name}")
    except OSError:
        return False
    finally:
        os.close(directory)
    return True


def pid(root: Path) -> int | None:
    """Return supervisord's process id; None if it does not run.

    Its own PID file has the id inside the sandbox, which is another one.
    """
    for process in processes.of_host(root):
        with contextlib.suppress(OSError):  # it has just ended
            words = (processes.PROC / f"{process}/cmdline").read_bytes().split(b"\0")
            if words[1:-1] == [os.fsencode(word) for word in BOOT[1:]]:
                return process
    return None
