"""Find programs, and run them to their end within limits of time and output.

The output may come from a repository, a remote host or somebody else's server, so it is never kept
without a limit, and never waited for without one.
"""

import os
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from ocim.core import stopping
from ocim.core.errors import PermanentError
from ocim.core.hosts import UMASK, Ran

MIB = 1024 * 1024
MOST_OUTPUT = 32 * MIB
MOST_ERRORS = MIB
"""Bytes of standard error that are kept: the end, which says most."""
_PIECE = 65536
_AFTERWARDS = 0.2
"""Seconds to go on reading after the program has ended and its pipes are silent.

Background processes that it left may keep the pipes open.
"""


SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""PATH of programs that must not depend on the manager's own."""


def base_environment() -> dict[str, str]:
    """Return the manager's PATH and a UTF-8 locale: the least that programs need."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


def own(name: str) -> str:
    """Return the path of a program of Ocim's virtual environment, which need not be on PATH."""
    return str(Path(sys.executable).with_name(name))


def of_system(name: str, *, package: str) -> str:
    """Return the path of a program of this machine.

    Raise PermanentError if it is not installed; `package` provides it.
    """
    if path := shutil.which(name):
        return path
    raise PermanentError(
        f"{name} is not installed on the manager.", remedy=f"Install it: apt-get install {package}."
    )


def capture(
    argv: Sequence[str],
    *,
    timeout: float,
    stdin: str = "",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    most: int = MOST_OUTPUT,
    largest_file: int | None = None,
    limits: Callable[[], None] = lambda: None,
) -> Ran:
    """Run a command in a session of its own and return its exit status and output.

    `most` is the limit of its output in bytes. `largest_file` limits the size of each file that it
    writes, in bytes; the kernel kills it beyond that. `limits` is called several times a second and
    may raise an error to end the command.

    Raise subprocess.TimeoutExpired after `timeout` seconds, PermanentError if it prints too much,
    and what `stopping.check` raises if its job is to end. In all these cases it is killed with all
    processes of its session.
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
        umask=UMASK,
    ) as process:
        try:
            if largest_file is not None:
                with suppress(ProcessLookupError):
                    size = (largest_file, largest_file)
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, size)
            streams = _Streams(process, stdin.encode(), most, time.monotonic() + timeout, check)
            streams.work()
            status = _wait(process, streams.deadline, check)
        except subprocess.TimeoutExpired:
            raise subprocess.TimeoutExpired(argv, timeout) from None
        finally:
            _kill(process)
    return Ran(status, _text(streams.output), _text(streams.errors))


def run_detached(
    argv: Sequence[str],
    *,
    output: IO[bytes],
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> int:
    """Run a command that leaves a daemon behind, and return its exit status.

    Its output goes to a file instead of a pipe, because the daemon keeps it open. Raise
    subprocess.TimeoutExpired after `timeout` seconds, and what `stopping.check` raises if its job
    is to end; the command is killed then.
    """
    stopping.check()
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=env,
        start_new_session=True,
        umask=UMASK,
    ) as process:
        try:
            return _wait(process, time.monotonic() + timeout, stopping.check)
        finally:
            _kill(process)


def _wait(process: subprocess.Popen[bytes], deadline: float, check: Callable[[], None]) -> int:
    """Return the process's exit status; raise subprocess.TimeoutExpired after the deadline."""
    while True:
        left = deadline - time.monotonic()
        try:
            return process.wait(max(0.0, min(left, stopping.STEP)))
        except subprocess.TimeoutExpired:
            check()
            if left <= 0:
                raise


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and its session, unless it has ended."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


class _Streams:
    """The standard streams of a running program."""

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
        """Write its input and read its output until it closes its streams or ends."""
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
                ready = selector.select(min(left, _AFTERWARDS))
                if not ready and self._process.poll() is not None:
                    break
                for key, _ in ready:
                    if not self._moved(_pipe(key.fileobj)):
                        selector.unregister(key.fileobj)

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
        if len(self.output) > self._most:
            program = Path(str(_argv(self._process)[0])).name
            raise PermanentError(f"{program} printed more than {self._most} bytes and was ended.")
        return bool(piece)

    def _written(self, stream: IO[bytes]) -> bool:
        try:
            self._stdin = self._stdin[os.write(stream.fileno(), self._stdin[:_PIECE]) :]
        except BrokenPipeError:  # the program has closed its standard input
            self._stdin = self._stdin[:0]
        if not self._stdin:
            stream.close()
        return bool(self._stdin)


def _argv(process: subprocess.Popen[bytes]) -> Sequence[object]:
    assert isinstance(process.args, list | tuple)  # noqa: S101
    return process.args


def _pipe(stream: object) -> IO[bytes]:
    assert stream is not None  # noqa: S101
    return stream  # type: ignore[return-value]


def _text(printed: bytearray) -> str:
    return printed.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
