"""`python -m ocim.processes.guard NUMBER NAME=HOST:PORT…`: hold the sockets, keep supervisord.

There are two, and supervisord keeps them: any of the three may be killed. When supervisord dies,
they go on handing out the sockets, start another one, and end when its guards take their place.
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

BETWEEN = 1.0
"""Seconds between two looks for another supervisord, once this one's is dead."""
PAUSE = 0.2
"""Seconds between two attempts to get sockets that are missing."""


def main(number: str, *words: str) -> None:
    """Become a guard, until another one takes its place."""
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
        pause = PAUSE if holder.missing else BETWEEN if is_orphan else None
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
    """The sockets, and where they are handed out."""

    def __init__(self, run: Path, number: str, addresses: sockets.Addresses) -> None:
        self._run, self._number, self._addresses = run, number, addresses
        self._held: sockets.Sockets = {}
        self._said = ""
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
        """Return the names of sockets that it does not have: another process has bound them."""
        return [name for name in self._addresses if name not in self._held]

    def serve(self) -> bytes:
        """Hand the sockets out, and return what was asked for."""
        connection, _ = self.server.accept()
        with connection, contextlib.suppress(OSError):
            return sockets.serve(connection, self._held)
        return b""

    def complete(self) -> None:
        """Get what is missing, if the other guard is not just doing so."""
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
                self._tell(f"Cannot listen on {error.filename}: {error.strerror}.")

    def _tell(self, fault: str) -> None:
        if fault != self._said:
            sys.stderr.write(f"guard: {fault} It is tried again; stop the program that has it.\n")
        self._said = fault

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
        said = supervisor.start(run)
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    if said:
        sys.stderr.write(f"guard: supervisord does not start: {said}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
