"""Run a program to its end and keep what it prints, within limits of size and time.

What is printed may come from a repository, a remote host or a server of somebody else's: it is
never kept without a bound, and never waited for without one.
"""

import os
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ocim.core import stopping
from ocim.core.errors import PermanentError
from ocim.core.umasks import OF_HOSTS

MIB = 1024 * 1024
MOST_OUTPUT = 32 * MIB
MOST_ERRORS = MIB
"""Bytes of standard error that are kept: its end, which says most."""
_PIECE = 65536
_AFTERWARDS = 0.2
"""Seconds without a word after a program's end; what it left behind may keep its pipes open."""


@dataclass(frozen=True, slots=True)
class Captured:
    """How a program ended, and what it printed."""

    status: int
    output: str
    errors: str


def captured(
    argv: Sequence[str],
    *,
    timeout: float,
    stdin: str = "",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    most: int = MOST_OUTPUT,
    largest_file: int | None = None,
    limits: Callable[[], None] = lambda: None,
) -> Captured:
    """Run `argv`, in a session of its own, whatever its exit status.

    `largest_file`: bytes that a file which it writes may have; it is killed where one has more.
    `limits` is called several times a second, and ends it by raising something.
    subprocess.TimeoutExpired after `timeout` seconds; PermanentError where it prints more than
    `most` bytes. In both cases, and where its job is to end, it is killed with all that it started.
    """

    def check() -> None:
        stopping.check()
        limits()

    check()
    with subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=env,
        start_new_session=True,
        umask=OF_HOSTS,
    ) as process:
        try:
            if largest_file is not None:
                with suppress(ProcessLookupError):
                    size = (largest_file, largest_file)
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, size)
            streams = _Streams(process, stdin.encode(), most, time.monotonic() + timeout, check)
            streams.work()
            status = streams.wait()
        except subprocess.TimeoutExpired:
            raise subprocess.TimeoutExpired(argv, timeout) from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    return Captured(status, _text(streams.output), _text(streams.errors))


class _Streams:
    """The pipes of a running program."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        stdin: bytes,
        most: int,
        deadline: float,
        check: Callable[[], None],
    ) -> None:
        self._check = check
        self.deadline = deadline
        self.output = bytearray()
        self.errors = bytearray()
        self._process = process
        self._stdin = memoryview(stdin)
        self._most = most

    def work(self) -> None:
        """Write and read until the program is done with its pipes, or has ended."""
        with selectors.DefaultSelector() as selector:
            for stream in (self._process.stdout, self._process.stderr):
                selector.register(_there(stream), selectors.EVENT_READ)
            if self._process.stdin:
                os.set_blocking(self._process.stdin.fileno(), False)
                selector.register(self._process.stdin, selectors.EVENT_WRITE)
            while selector.get_map():
                self._check()
                left = self.deadline - time.monotonic()
                if left <= 0:
                    raise subprocess.TimeoutExpired(self._process.args, 0)
                ready = selector.select(min(left, _AFTERWARDS))
                if not ready and self._process.poll() is not None:
                    break
                for key, _ in ready:
                    if not self._moved(_there(key.fileobj)):
                        selector.unregister(key.fileobj)

    def wait(self) -> int:
        """Return its exit status; it may run on without its pipes."""
        while True:
            left = self.deadline - time.monotonic()
            try:
                return self._process.wait(max(0.0, min(left, stopping.STEP)))
            except subprocess.TimeoutExpired:
                self._check()
                if left <= 0:
                    raise

    def _moved(self, stream: IO[bytes]) -> bool:
        """Write or read a piece; return False at the end."""
        if stream is self._process.stdin:
            return self._written(stream)
        piece = os.read(stream.fileno(), _PIECE)
        if stream is self._process.stderr:
            self.errors += piece
            del self.errors[:-MOST_ERRORS]
        else:
            self.output += piece
        if len(self.output) > self._most:
            program = Path(str(_argv(self._process)[0])).name
            raise PermanentError(f"{program} printed more than {self._most} bytes, and was ended.")
        return bool(piece)

    def _written(self, stream: IO[bytes]) -> bool:
        try:
            self._stdin = self._stdin[os.write(stream.fileno(), self._stdin[:_PIECE]) :]
        except BrokenPipeError:  # it does not want the rest
            self._stdin = self._stdin[:0]
        if not self._stdin:
            stream.close()
        return bool(self._stdin)


def _argv(process: subprocess.Popen[bytes]) -> Sequence[object]:
    assert isinstance(process.args, list | tuple)  # noqa: S101
    return process.args


def _there(stream: object) -> IO[bytes]:
    assert stream is not None  # noqa: S101
    return stream  # type: ignore[return-value]


def _text(printed: bytearray) -> str:
    return printed.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
