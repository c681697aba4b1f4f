"""`python -m ocim.processes.guard NUMBER NAME=HOST:PORT…`: hold sockets, keep supervisord running.

An installation has two guards, started by supervisord: any of the three may be killed. When
supervisord dies, the guards go on handing out the sockets and start a new supervisord. Each ends
when the new supervisord's guard takes its place.
"""

import contextlib
import fcntl
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ocim.processes import sockets, supervisor

RESTART_PAUSE = 1.0
"""Seconds between two attempts to start supervisord after it has died."""
BIND_PAUSE = 0.2
"""Seconds between two attempts to bind the missing sockets."""


def main(number: str, *words: str) -> None:
    """Run as a guard; return when another one takes its place."""
    run = Path(os.environ[supervisor.MARK])
    os.chdir(run)  # a socket's address is too short for a whole path
    holder = Holder(run, number, _addresses(words))
    parent = os.getppid()
    is_orphan = parent != supervisor.pid(run)
    poll = select.poll()
    poll.register(holder.server, select.POLLIN)
    watched = None if is_orphan else os.pidfd_open(parent)
    if watched is not None:
        poll.register(watched, select.POLLIN)
    while True:
        pause = BIND_PAUSE if holder.missing else RESTART_PAUSE if is_orphan else None
        ready = [descriptor for descriptor, _ in poll.poll(pause and pause * 1000)]
        if watched is not None and watched in ready:
            poll.unregister(watched)
            is_orphan = True
        if is_orphan:
            _start(run)
        if holder.server.fileno() in ready and holder.serve() == sockets.REPLACE and is_orphan:
            return
        holder.complete()


class Holder:
    """The listening sockets of a guard, and the Unix socket on which it hands them out."""

    def __init__(self, run: Path, number: str, addresses: sockets.Addresses) -> None:
        self._run, self._number, self._addresses = run, number, addresses
        self._held: sockets.Sockets = {}
        self._reported = ""
        with self._locked(fcntl.LOCK_EX):
            sockets.merge(self._held, sockets.ask(run, number, sockets.REPLACE))
            self._complete()
            name = sockets.address(run, number).name
            Path(name).unlink(missing_ok=True)
            self.server = socket.socket(socket.AF_UNIX)
            self.server.bind(name)
            self.server.listen()

    @property
    def missing(self) -> list[str]:
        """The names of sockets that this guard does not have: another process has bound them."""
        return [name for name in self._addresses if name not in self._held]

    def serve(self) -> bytes:
        """Send the sockets to one client, and return its request."""
        connection, _ = self.server.accept()
        with connection, contextlib.suppress(OSError):
            return sockets.serve(connection, self._held)
        return b""

    def complete(self) -> None:
        """Get the missing sockets, unless the other guard is doing that at the moment."""
        if self.missing:
            with contextlib.suppress(BlockingIOError), self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
                self._complete()

    def _complete(self) -> None:
        for other in sockets.GUARDS:
            if other != self._number:
                sockets.merge(self._held, sockets.ask(self._run, other))
        for name in self.missing:
            try:
                self._held[name] = sockets.listen_on(self._addresses[name])
            except OSError as error:
                self._report(f"Cannot listen on {error.filename}: {error.strerror}.")

    def _report(self, fault: str) -> None:
        if fault != self._reported:
            sys.stderr.write(f"guard: {fault} Stop the program that uses it; trying again.\n")
        self._reported = fault

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        with (self._run / "sockets.lock").open("w") as lock:
            fcntl.flock(lock, how)
            yield


def _addresses(words: tuple[str, ...]) -> sockets.Addresses:
    addresses: dict[str, list[tuple[str, int]]] = {}
    for word in words:
        name, _, where = word.partition("=")
        host, _, port = where.rpartition(":")
        addresses.setdefault(name, []).append((host.strip("[]"), int(port)))
    return addresses


def _start(run: Path) -> None:
    try:
        fault = supervisor.start(run)
    except (OSError, subprocess.TimeoutExpired) as error:
        fault = str(error)
    if fault:
        sys.stderr.write(f"guard: supervisord does not start: {fault}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
