"""Listening sockets that outlive the processes that serve on them.

Guards hold the sockets and hand them out over a Unix socket to processes of the same user; under
systemd they come from socket units. This module imports only the standard library, so that a
process has its sockets within milliseconds.
"""

import json
import os
import socket
import struct
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

Sockets = dict[str, list[socket.socket]]
Addresses = Mapping[str, Sequence[tuple[str, int]]]

GUARDS = ("0", "1")
"""The names of the two guards: one goes on while the other starts again."""
COPY, REPLACE = b"copy", b"replace"
"""Requests to a guard: send the sockets; send them and end, because a successor takes over."""
BACKLOG = 4096
"""Number of connections that may wait while no process serves; at most the kernel's somaxconn."""
FIRST_OF_SYSTEMD = 3
_MAX_SOCKETS = 64
_TIMEOUT = 2.0
_PAUSE = 0.05


def listen(host: str, port: int) -> socket.socket:
    """Bind a TCP socket; an empty host or `::` means all addresses of both families."""
    is_any = host in ("", "::") and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if ":" in host or is_any else socket.AF_INET
    bound = socket.create_server(
        (host, port), family=family, backlog=BACKLOG, dualstack_ipv6=is_any
    )
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
    return bound


def listen_on(addresses: Sequence[tuple[str, int]]) -> list[socket.socket]:
    """Bind all of the addresses or none.

    Raise OSError if an address is taken; the error's `filename` is that address.
    """
    bound: list[socket.socket] = []
    for host, port in addresses:
        try:
            bound.append(listen(host, port))
        except OSError as error:
            close({"": bound})
            taken = f"{host}:{port}"
            raise OSError(error.errno, os.strerror(error.errno or 0), taken) from error
    return bound


def close(sockets: Sockets) -> None:
    """Close this process's copies of the sockets."""
    for listeners in sockets.values():
        for listener in listeners:
            listener.close()


def address(run: Path, guard: str) -> Path:
    """Return the path of the Unix socket on which a guard answers."""
    return run / f"guard-{guard}.sock"


def serve(connection: socket.socket, sockets: Sockets) -> bytes:
    """Answer one request and return it; send nothing to a process of another user."""
    connection.settimeout(_TIMEOUT)
    credentials = connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    _pid, user, _group = struct.unpack("3i", credentials)
    if user != os.geteuid():
        return b""
    request = connection.recv(16)
    names = [name for name, listeners in sockets.items() for _ in listeners]
    numbers = [listener.fileno() for listeners in sockets.values() for listener in listeners]
    socket.send_fds(connection, [json.dumps(names).encode()], numbers)
    return request


def ask(run: Path, guard: str, request: bytes = COPY) -> Sockets:
    """Return the sockets that a guard holds; none if it does not answer."""
    try:
        with (
            _directory(run) as directory,
            socket.socket(socket.AF_UNIX) as connection,
        ):
            connection.settimeout(_TIMEOUT)
            connection.connect(f"{directory}/{address(run, guard).name}")
            connection.sendall(request)
            names, numbers, _, _ = socket.recv_fds(connection, 4096, _MAX_SOCKETS)
            return _named(json.loads(names or b"[]"), numbers)
    except OSError:
        return {}


def wait_for(run: Path, names: Collection[str]) -> Sockets:
    """Return the sockets with these names, once the guards hold all of them."""
    sockets: Sockets = {}
    while True:
        for guard in GUARDS:
            merge(sockets, ask(run, guard))
        if set(names) <= set(sockets):
            close({name: sockets[name] for name in sockets if name not in names})
            return {name: sockets[name] for name in names}
        time.sleep(_PAUSE)


def merge(sockets: Sockets, others: Sockets) -> None:
    """Add the sockets whose names are missing, and close the rest of `others`."""
    for name in list(others):
        if name not in sockets:
            sockets[name] = others.pop(name)
    close(others)


def from_systemd() -> Sockets:
    """Return the sockets that systemd has passed to this process, by their FileDescriptorName."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    numbers = range(FIRST_OF_SYSTEMD, FIRST_OF_SYSTEMD + int(os.environ["LISTEN_FDS"]))
    return _named(os.environ.get("LISTEN_FDNAMES", "").split(":"), numbers)


def _named(names: Sequence[str], numbers: Sequence[int]) -> Sockets:
    sockets: Sockets = {}
    for name, number in zip(names, numbers, strict=True):
        sockets.setdefault(name, []).append(socket.socket(fileno=number))
    return sockets


@contextmanager
def _directory(run: Path) -> Iterator[str]:
    """Yield a short path of the directory: a Unix socket's path may have 107 bytes only."""
    opened = os.open(run, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}"
    finally:
        os.close(opened)
