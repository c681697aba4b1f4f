"""Commands on a host that is reached by ssh; only the known host key is trusted."""

import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Sequence

from ocim.adapters import programs
from ocim.adapters.sessions import CommandSession
from ocim.core import stopping
from ocim.core.errors import HostUnreachable, TransientError
from ocim.core.hosts import VISIT, Host, Ran

CONNECT_SECONDS = 10
LISTEN_SECONDS = 1.0
LOST = 255
"""Exit status of ssh itself: it did not reach the host, or lost the connection."""


def ssh(host: Host, argv: Sequence[str]) -> list[str]:
    """Return the ssh command that runs `argv` on the host, with a terminal if there is one here.

    Raise PermanentError if ssh is not installed.
    """
    connection = host.connection
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": str(CONNECT_SECONDS),
        "GlobalKnownHostsFile": "/dev/null",
        "IdentitiesOnly": "yes",
        "LogLevel": "ERROR",
        "RequestTTY": "yes",
        "ServerAliveInterval": "15",
        "SetEnv": f"{VISIT}=command",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": f'"{connection.known_hosts_file}"',
    }
    program = programs.of_system("ssh", package="openssh-client")
    return [
        *(program, "-F", "none", "-i", connection.key_file, "-p", str(connection.port)),
        *(word for name, value in options.items() for word in ("-o", f"{name}={value}")),
        f"{connection.user}@{host.address}",
        shlex.join(argv),
    ]


def run(host: Host, argv: Sequence[str], *, stdin: str = "", timeout: float = 60.0) -> Ran:
    """Run a command on the host and return its exit status and output.

    Raise HostUnreachable if ssh cannot connect, TransientError after `timeout` seconds.
    """
    try:
        result = programs.capture(ssh(host, argv), stdin=stdin, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise TransientError(f"{host.name}: `{argv[0]}` did not end in {timeout:g} s.") from error
    if result.status == LOST:
        raise HostUnreachable(f"{host.name}: {result.errors.strip() or 'the connection was lost'}.")
    return result


def open_session(host: Host, argv: Sequence[str]) -> CommandSession:
    """Start a command on the host that answers lines."""
    return CommandSession(ssh(host, argv), host=host.name, lost=LOST)


def wait(find: Callable[[], Host], *, timeout: float, remedy: str = "") -> Host:
    """Return the host once commands can be run on it.

    `find` returns the host anew for each attempt, and raises an error if it no longer exists. Raise
    HostUnreachable after `timeout` seconds; at least one attempt is made.
    """
    deadline = time.monotonic() + timeout
    pause, fault = 0.02, ""
    while True:
        host = find()
        if _listens(host, timeout=LISTEN_SECONDS):
            try:
                left = max(deadline - time.monotonic(), CONNECT_SECONDS)
                if run(host, ["true"], timeout=left).status == 0:
                    return host
            except TransientError as error:
                fault = f" {error.problem}"
        left = deadline - time.monotonic()
        if left <= 0:
            raise HostUnreachable(
                f"Host {host.name} did not come up within {timeout:g} s.{fault}", remedy=remedy
            )
        stopping.wait(min(pause, left))
        pause = min(1.5 * pause, 0.5)


def _listens(host: Host, *, timeout: float) -> bool:
    """Return True if the port accepts connections: a cheap check before ssh is started."""
    try:
        socket.create_connection((host.address, host.connection.port), timeout).close()
    except OSError:
        return False
    return True
