"""The standard streams of a running program, within limits of time and output."""

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from ocim.core import stopping
from ocim.core.errors import PermanentError
from ocim.core.hosts import ANSWERED, Ran

MIB = 1024 * 1024
MOST_OUTPUT = 32 * MIB
MOST_ERRORS = MIB
"""Bytes of standard error that are kept: the end, which says most."""
_PIECE = 65536
_AFTERWARDS = 0.2
"""Seconds to go on reading after the program has ended and its pipes are silent.

Background processes that it left may keep the pipes open.
"""
_END = re.compile(rb"^%s(-?\d{1,4})\r?\n" % re.escape(ANSWERED.encode()), re.MULTILINE)
"""The line that ends an answer, with its status."""
_LONGEST_END = 64
"""Bytes that such a line has at most."""


class Streams:
    """The standard streams of a program, from its input to its end or to its answer.

    `most`: limit of its output in bytes. `deadline`: a time of `time.monotonic`. `check`: called
    several times a second; its errors end the work. `answers`: the program stays, and ends its
    answer to this input with the line `ANSWERED` and a status.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        stdin: bytes,
        most: int,
        deadline: float,
        check: Callable[[], None],
        *,
        answers: bool = False,
    ) -> None:
        self.deadline = deadline
        self.output = bytearray()
        self.errors = bytearray()
        self.status: int | None = None
        """Status of the answer; None: there is none yet."""
        self._process = process
        self._stdin = memoryview(stdin)
        self._most = most
        self._check = check
        self._answers = answers

    def work(self) -> None:
        """Write its input and read its output until it answers, closes its streams or ends.

        Raise subprocess.TimeoutExpired after the deadline, PermanentError if it prints too much.
        """
        with selectors.DefaultSelector() as selector:
            for stream in (self._process.stdout, self._process.stderr):
                selector.register(_pipe(stream), selectors.EVENT_READ)
            if self._process.stdin:
                os.set_blocking(self._process.stdin.fileno(), False)
                selector.register(self._process.stdin, selectors.EVENT_WRITE)
            while selector.get_map():
                self._check()
                left = self.deadline - time.monotonic()
                if left <= 0:
                    raise subprocess.TimeoutExpired(self._process.args, 0)
                # Over ssh, the reason of a failure may arrive later than the end of the answer.
                patience = 0.0 if self.status == 0 else min(left, _AFTERWARDS)
                ready = selector.select(patience)
                if not ready and (self.status is not None or self._process.poll() is not None):
                    break
                for key, _ in ready:
                    if not self._moved(_pipe(key.fileobj)):
                        selector.unregister(key.fileobj)

    def ran(self, status: int) -> Ran:
        """Return what was read, with this exit status."""
        return Ran(status, _text(self.output), _text(self.errors))

    def _moved(self, stream: IO[bytes]) -> bool:
        """Write or read one piece; return False at the end of the stream."""
        if stream is self._process.stdin:
            return self._written(stream)
        piece = os.read(stream.fileno(), _PIECE)
        if stream is self._process.stderr:
            self.errors += piece
            del self.errors[:-MOST_ERRORS]
        else:
            self.output += piece
            if self._answers:
                self._find_end(len(piece))
        if len(self.output) > self._most:
            program = Path(str(_argv(self._process)[0])).name
            raise PermanentError(f"{program} printed more than {self._most} bytes and was ended.")
        return bool(piece)

    def _written(self, stream: IO[bytes]) -> bool:
        try:
            self._stdin = self._stdin[os.write(stream.fileno(), self._stdin[:_PIECE]) :]
        except BrokenPipeError:  # the program has closed its standard input
            self._stdin = self._stdin[:0]
        if not self._stdin and not self._answers:
            stream.close()
        return bool(self._stdin)

    def _find_end(self, new: int) -> None:
        """Look for the end of the answer in the last `new` bytes; cut it off."""
        start = max(0, len(self.output) - new - _LONGEST_END)
        if end := _END.search(self.output, start):
            self.status = int(end[1])
            del self.output[end.start() :]


def wait(process: subprocess.Popen[bytes], deadline: float, check: Callable[[], None]) -> int:
    """Return the process's exit status; raise subprocess.TimeoutExpired after the deadline."""
    while True:
        left = deadline - time.monotonic()
        try:
            return process.wait(max(0.0, min(left, stopping.STEP)))
        except subprocess.TimeoutExpired:
            check()
            if left <= 0:
                raise


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and its session, unless it has ended."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _argv(process: subprocess.Popen[bytes]) -> Sequence[object]:
    assert isinstance(process.args, list | tuple)  # noqa: S101
    return process.args


def _pipe(stream: object) -> IO[bytes]:
    assert stream is not None  # noqa: S101
    return stream  # type: ignore[return-value]


def _text(printed: bytearray) -> str:
    return printed.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
