"""The supervisord of a local host: started as a daemon, asked whether it is there."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ocim.adapters.providers import processes
from ocim.adapters.providers.local.furnishing import environment
from ocim.adapters.providers.local.shims import SOCKET, SUPERVISOR_CONF
from ocim.core.errors import PermanentError, TransientError
from ocim.core.hosts import UMASK

BOOT = [sys.executable, "-I", "-m", "ocim.adapters.providers.local.boot"]
"""What becomes the supervisord of the host that its environment names."""


def start(root: Path, argv: Sequence[str]) -> None:
    """Start it, apart from this process and its terminal; PermanentError with what it says.

    `argv`: BOOT, as it is kept from the rest of the machine.
    """
    # A file and no pipe: the sandbox, which lives as long as the host, keeps it open.
    with tempfile.TemporaryFile() as output:
        try:
            status = subprocess.run(
                argv,
                cwd=root,
                env=environment(root),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=UMASK,
                timeout=60,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise TransientError(
                f"The supervisord of {root.name} did not start in 60 s."
            ) from error
        output.seek(0)
        said = output.read().decode(errors="replace").strip() or f"exit status {status}"
    if status != 0:
        raise PermanentError(
            f"The supervisord of {root.name} does not start: {said}",
            remedy=f"See {root}/var/log/supervisord.log and what is included in {SUPERVISOR_CONF}.",
        )


def answers(root: Path) -> bool:
    """Whether it takes commands."""
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
    """Return its process id as it is seen from here; None where it does not run.

    What it writes down itself is what it has in its sandbox.
    """
    for process in processes.of_host(root):
        with contextlib.suppress(OSError):  # it has just ended
            words = (processes.PROC / f"{process}/cmdline").read_bytes().split(b"\0")
            if words[1:-1] == [os.fsencode(word) for word in BOOT[1:]]:
                return process
    return None
