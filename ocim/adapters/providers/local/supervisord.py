"""The supervisord of a local host: started as a daemon, asked whether it is there."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from ocim.adapters.providers.local.furnishing import environment
from ocim.adapters.providers.local.shims import PID_FILE, SOCKET, SUPERVISOR_CONF
from ocim.core.errors import OutsideError, OutsideRefusal


def start(root: Path) -> None:
    """Start it, apart from this process and its terminal; OutsideRefusal with what it says."""
    argv = [sys.executable, "-I", "-m", "supervisor.supervisord", "-c", SUPERVISOR_CONF]
    try:
        started = subprocess.run(
            argv,
            cwd=root,
            env=environment(root),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OutsideError(f"The supervisord of {root.name} did not start in 60 s.") from error
    if started.returncode != 0:
        said = started.stdout.strip() or f"exit status {started.returncode}"
        raise OutsideRefusal(
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
    """Its process id as it wrote it down, which may be outdated; None where it did not."""
    try:
        return int((root / PID_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None
