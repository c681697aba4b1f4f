"""Follow the commands of a run to their end: pass on their lines, with secrets masked."""

import os
import selectors
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from ocim.adapters.provisioners.messages import message_of
from ocim.adapters.streams import kill
from ocim.core.errors import Cancelled
from ocim.core.hosts import UMASK
from ocim.core.provisioning import ProvisionEvent, ProvisionJob

LONGEST = 4000
"""Characters of a text that are kept."""
MOST_LINES = 5000
"""Lines of a command that become events; the others are only counted."""
_LAST = 60
"""Lines at the end of a command's output that its error is taken from."""
_LONGEST_LINE = 65536
_LONGEST_OUTPUT = 1_000_000

Status = Literal["ok", "changed", "failed"]


class Stopped(Exception):
    """An error: a command took too long, and was ended."""


@dataclass(frozen=True)
class Ended:
    """End of a command."""

    status: int
    message: str
    """Reason of its failure, with the last lines of its output, without secrets."""
    output: str
    """Beginning of its output, without secrets."""


@dataclass
class Follower:
    """The progress of a run, whose commands share its time.

    `mask` masks secrets. `is_cancelled` is called once a second.
    """

    job: ProvisionJob
    environment: Mapping[str, str]
    mask: Callable[[str], str]
    on_event: Callable[[ProvisionEvent], None]
    is_cancelled: Callable[[], bool]
    changed: int = 0
    """Number of tasks that changed something."""
    task: str = ""
    """Task that has begun last."""
    _begun: float = field(default_factory=time.monotonic)

    def begin(self, task: str) -> None:
        """Pass on that a task begins."""
        self.task = task
        self.say(f"task: {task}", level="debug", task=task)

    def say(
        self,
        text: str,
        *,
        level: Literal["debug", "info", "warning", "error"] = "info",
        task: str = "",
    ) -> None:
        """Pass on a line of the log."""
        self.on_event(ProvisionEvent(datetime.now(UTC), level, self._kept(text), task))

    def result(self, task: str, status: Status, seconds: float, message: str = "") -> None:
        """Pass on the result of a task."""
        self.changed += status == "changed"
        text = f"{status}: {task}" + (f": {message}" if message else "")
        level: Literal["info", "error"] = "error" if status == "failed" else "info"
        now = datetime.now(UTC)
        self.on_event(ProvisionEvent(now, level, self._kept(text), task, status, seconds))

    def run(self, argv: Sequence[str], *, task: str, stdin: str = "") -> Ended:
        """Run a command to its end.

        Raise Cancelled if the run is cancelled, Stopped if it takes too long; the command is ended
        then.
        """
        self._check()
        with subprocess.Popen(
            argv,
            cwd=Path(self.job.host.root),
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=UMASK,
        ) as process:
            try:
                return self._follow(process, task, stdin)
            finally:
                kill(process)

    def _follow(self, process: "subprocess.Popen[bytes]", task: str, stdin: str) -> Ended:
        assert process.stdin  # noqa: S101 - it is a pipe, for the type checker
        assert process.stdout  # noqa: S101 - so is it
        unsent = memoryview(stdin.encode())
        os.set_blocking(process.stdin.fileno(), False)
        lines = _Lines()
        heard = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            selector.register(process.stdin, selectors.EVENT_WRITE)
            checked = time.monotonic()
            while True:
                if time.monotonic() - checked >= 1:
                    self._check(heard)
                    checked = time.monotonic()
                ready = [key.fileobj for key, _ in selector.select(1)]
                if process.stdin in ready:
                    unsent = _unsent(process.stdin, unsent)
                    if not unsent:
                        selector.unregister(process.stdin)
                        process.stdin.close()
                if process.stdout not in ready:
                    continue
                piece = _read(process.stdout)
                heard = time.monotonic()
                for line in lines.take(piece):
                    if line.strip() and lines.count <= MOST_LINES:
                        self.say(line, level="debug", task=task)
                if not piece:
                    break
        status = self._status(process)
        printed = "\n".join(lines.last)
        message = message_of({"stdout": printed}) if printed.strip() else ""
        message = message or f"It ended with status {status} and said nothing."
        return Ended(status, self.mask(message)[:LONGEST], self.mask("".join(lines.first)))

    def _status(self, process: "subprocess.Popen[bytes]") -> int:
        """Return the exit status of a command that prints nothing any more."""
        silent_since = time.monotonic()
        while True:
            try:
                return process.wait(1)
            except subprocess.TimeoutExpired:
                self._check(silent_since)

    def _check(self, heard: float | None = None) -> None:
        if self.is_cancelled():
            raise Cancelled("Provisioning was cancelled.")
        now = time.monotonic()
        if heard is not None and now - heard > self.job.task_timeout:
            raise Stopped(f"It said nothing for {self.job.task_timeout:g} seconds and was ended.")
        if now - self._begun > self.job.total_timeout:
            raise Stopped(f"The run took over {self.job.total_timeout:g} seconds and was ended.")

    def _kept(self, text: str) -> str:
        return self.mask(text).replace("\0", "\ufffd")[:LONGEST]


class _Lines:
    """Lines of a command's output, of which the first and the last are kept."""

    def __init__(self) -> None:
        self.last: deque[str] = deque(maxlen=_LAST)
        self.first: list[str] = []
        self.count = 0
        self._kept = 0
        self._rest = ""

    def take(self, piece: bytes) -> list[str]:
        """Return the lines that are complete; an empty piece completes the last one."""
        text = self._rest + piece.decode(errors="replace").replace("\r\n", "\n")
        *lines, self._rest = text.split("\n")
        if not piece or len(self._rest) > _LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], ""
        for line in lines:
            self.last.append(line)
            if self._kept < _LONGEST_OUTPUT:
                self.first.append(f"{line}\n")
                self._kept += len(line)
        self.count += len(lines)
        return lines


def _unsent(stream: IO[bytes], text: memoryview) -> memoryview:
    """Send as much as the pipe takes; return the rest. Nothing is left for who does not listen."""
    try:
        return text[os.write(stream.fileno(), text[:_LONGEST_LINE]) :]
    except BrokenPipeError:  # it may have ended already
        return text[:0]


def _read(stream: IO[bytes]) -> bytes:
    return os.read(stream.fileno(), _LONGEST_LINE)
