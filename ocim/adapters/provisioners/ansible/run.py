"""A run as the manager sees it: lines that arrive, and a process that can be ended.

The run writes to a socket: no other process can open that by a path in /proc, as it could open a
pipe. The manager limits the length of a line, the number of lines, all bytes, and the bytes that it
reads in a second.
"""

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ocim.adapters.provisioners.ansible.files import clean_environment
from ocim.adapters.provisioners.messages import condensed
from ocim.adapters.provisioners.run_directory import EVENTS
from ocim.core.hosts import UMASK

KEEPER = "ocim.adapters.provisioners.ansible.keeper"
MIB = 1024 * 1024
LONGEST_LINE = 32 * MIB
MOST_LINES = 200_000
MOST_BYTES = 256 * MIB
BYTES_A_SECOND = 8 * MIB
LAST_WORDS = 65536
"""Bytes of standard error that are kept: its end."""
_PIECE = 65536
_TO_END = 10.0
"""Seconds that a process has to end, after it has closed its socket."""


class InvalidOutput(Exception):
    """An error: the run wrote what no run writes."""


class AnsibleRun:
    """The keeper's process, and the socket to which the run's child writes."""

    def __init__(self, process: subprocess.Popen[bytes], events: socket.socket) -> None:
        self._process = process
        self._events = events
        self._buffer = bytearray()
        self._errors = bytearray()
        self._lines = self._bytes = 0
        self.ended = False

    def lines(self, *, timeout: float) -> Iterator[dict[str, Any]]:
        """Yield the lines that arrive within `timeout` seconds, perhaps none.

        Raise InvalidOutput if the run writes too much, or a line that is no JSON object.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._events, selectors.EVENT_READ)
            if not self._stderr.closed:
                selector.register(self._stderr, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select(timeout)}
        if self._stderr in ready:
            self._read_errors()
        if self._events in ready:
            yield from map(_parsed, self._arrived())

    def status(self) -> int:
        """Return the exit status of the run, which the keeper passes on."""
        try:
            return self._process.wait(_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def last_words(self) -> str:
        """Return how and why the process ended, if it ended without an outcome."""
        status = self.status()
        while not self._stderr.closed and self._read_errors():
            pass
        message = condensed(self._errors.decode(errors="replace"))
        return f"Ansible's process ended unexpectedly ({status}). {message}".strip()

    @property
    def _stderr(self) -> IO[bytes]:
        assert self._process.stderr is not None  # noqa: S101
        return self._process.stderr

    def _arrived(self) -> list[bytes]:
        """Return the complete lines that have arrived."""
        read = self._events.recv(_PIECE)
        self.ended = not read
        time.sleep(len(read) / BYTES_A_SECOND)  # limit the rate of reading
        self._buffer += read
        lines: list[bytearray] = []
        if b"\n" in read:
            *lines, self._buffer = self._buffer.split(b"\n")
        self._bytes += len(read)
        self._lines += len(lines)
        longest = max(map(len, [self._buffer, *lines]))
        for number, most, what in (
            (longest, LONGEST_LINE, "bytes in one line"),
            (self._lines, MOST_LINES, "lines"),
            (self._bytes, MOST_BYTES, "bytes"),
        ):
            if number > most:
                raise InvalidOutput(f"The run wrote more than {most} {what} about its events.")
        return [bytes(line) for line in lines]

    def _read_errors(self) -> bool:
        """Keep the end of standard error; return False if there was nothing to read."""
        try:
            piece = os.read(self._stderr.fileno(), _PIECE)
        except BlockingIOError:
            return False
        time.sleep(len(piece) / BYTES_A_SECOND)
        self._errors += piece
        del self._errors[:-LAST_WORDS]
        if not piece:
            self._stderr.close()
        return bool(piece)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidOutput("The run wrote a line that is no event.")
    return value


@contextmanager
def ansible_run(directory: Path, command: Sequence[str]) -> Iterator[AnsibleRun]:
    """Start a run in that directory; end it after the block, or when this process dies."""
    events, child_end = socket.socketpair()
    with events:
        with child_end:
            process = subprocess.Popen(
                [sys.executable, "-m", KEEPER, str(directory), *command],
                cwd=directory,
                env={**clean_environment(directory), EVENTS: str(child_end.fileno())},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(child_end.fileno(),),
                start_new_session=True,
                umask=UMASK,
            )
        with process:
            try:
                assert process.stderr is not None  # noqa: S101
                os.set_blocking(process.stderr.fileno(), False)
                yield AnsibleRun(process, events)
            finally:
                process.kill()
