"""A session on a SQLite file, in a process that can be killed whatever its statement does."""

import json
import os
import selectors
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from ocim.core import stopping
from ocim.core.errors import PermanentError, TransientError

CHILD = Path(__file__).with_name("sqlite_child.py")
ANOTHER_FILE = 66
"""Exit status of the process if SQLite has opened another file than the expected one."""
GRACE = 5.0
"""Seconds after the time limit in which a statement may still end by itself."""


class SqliteSession:
    """A SqlSession whose process starts with the first statement."""

    def __init__(self, path: Path, *, seconds: float, lock_seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._lock_seconds = lock_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self.in_transaction = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def open(self) -> None:
        """Start the session's process, unless it is started."""
        self._started()

    def execute(self, statement: str) -> int:
        """Run the statement in the session's process, and return the number of affected rows."""
        stopping.check()
        process = self._started()
        try:
            answer = self._answer(process, statement)
        except BaseException:
            self._end()
            raise
        self.in_transaction = bool(answer["in_transaction"])
        if answer["late"]:
            raise PermanentError(f"The statement took over {self._seconds:g} s and was ended.")
        if "error" in answer:
            raise PermanentError(f"SQLite says: {answer['error']}.")
        return int(answer["rows"])

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process:
            return self._process
        if not self._path.exists():
            raise PermanentError(f"There is no SQLite database {self._path}.")
        limits = [str(self._seconds), str(self._lock_seconds)]
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(CHILD), str(self._path), *_identity(self._path), *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self._process

    def _answer(self, process: "subprocess.Popen[bytes]", statement: str) -> dict[str, Any]:
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        deadline = time.monotonic() + self._seconds + GRACE
        try:
            process.stdin.write(json.dumps(statement).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._lost("its process had ended before") from None
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if selector.select(stopping.STEP):
                    if not (piece := os.read(process.stdout.fileno(), 1 << 16)):
                        if process.wait() == ANOTHER_FILE:
                            raise leads_elsewhere(self._path)
                        raise self._lost(f"its process ended, status {process.returncode}")
                    line += piece
                elif time.monotonic() > deadline:
                    raise self._lost(f"the statement did not end within {self._seconds:g} s")
                else:
                    stopping.check()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _lost(self, reason: str) -> TransientError:
        return TransientError(
            f"The session with {self._path} was lost, with its temporary tables and settings:"
            f" {reason}."
        )

    def _end(self) -> None:
        """Kill the process; SQLite rolls back what it has not committed."""
        self.in_transaction = False
        process, self._process = self._process, None
        if process:
            process.kill()
            with process:
                pass


def leads_elsewhere(path: Path) -> PermanentError:
    """Return the error for a path that is no regular file.

    The instance's programs may have made it.
    """
    return PermanentError(
        f"{path} is no regular file, or a link leads elsewhere.",
        remedy="Find out who put it there; move it away, or put a backup in its place.",
    )


def _identity(path: Path) -> list[str]:
    """Return device and inode number of the file; raise PermanentError if it is no regular file."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise leads_elsewhere(path)
    return [str(status.st_dev), str(status.st_ino)]
