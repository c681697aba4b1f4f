"""The programs of a database server that dump and load, with files or with one another."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import certifi

from ocim.adapters.programs import base_environment
from ocim.core import stopping
from ocim.core.errors import PermanentError, TransientError
from ocim.core.hosts import UMASK
from ocim.core.instance import DatabaseHost

MOST_ERRORS = 2000
"""Number of bytes of a program's last messages that an error quotes."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program with its arguments, and what its environment has besides the usual."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    """Variables that only this user's processes can read: passwords are among them."""


def run_tools(
    *pipeline: Tool,
    timeout: float,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.DEVNULL,
    reach: Callable[[], object] = lambda: None,
) -> None:
    """Run one program, or several that read what the one before writes, to their end.

    Raise PermanentError with the last messages if one fails, TransientError after `timeout`
    seconds, and what `stopping.check` raises. All are killed then. If one fails, `reach` is called
    before: it raises an error that names the server if that is away, which programs say poorly.
    """
    stopping.check()
    deadline = time.monotonic() + timeout
    processes: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryFile() as messages:
        try:
            for tool in pipeline:
                process = subprocess.Popen(
                    tool.argv,
                    stdin=stdin,
                    stdout=stdout if tool is pipeline[-1] else subprocess.PIPE,
                    stderr=messages,
                    env={**base_environment(), **tool.environment},
                    start_new_session=True,
                    umask=UMASK,
                )
                if processes and (pipe := processes[-1].stdout):
                    pipe.close()  # so that a program notices when its reader ends
                processes.append(process)
                stdin = process.stdout or subprocess.DEVNULL
            for process in processes:
                _wait(process, deadline, timeout)
        finally:
            for process in processes:
                _kill(process)
        failed = [process for process in processes if process.returncode]
        if failed:
            reach()
            name = Path(pipeline[processes.index(failed[-1])].argv[0]).name
            raise PermanentError(f"{name} failed: {_last(messages)}")


@contextmanager
def private_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a new file that only its owner can read; it gets its name if the block succeeds."""
    unfinished = path.with_name(f"{path.name}.part")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished.unlink(missing_ok=True)
    try:
        new = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(unfinished, new, mode=0o600), "wb") as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def authority_file(server: DatabaseHost) -> Iterator[str]:
    """Yield the path of the certificates that a server with TLS is checked with."""
    if not (server.tls and server.authority):
        yield certifi.where()
        return
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(server.authority)
        file.flush()
        yield file.name


def _wait(process: "subprocess.Popen[bytes]", deadline: float, timeout: float) -> None:
    while True:
        try:
            process.wait(stopping.STEP)
        except subprocess.TimeoutExpired:
            stopping.check()
        else:
            return
        if time.monotonic() > deadline:
            raise TransientError(
                f"Copying took over {timeout:g} s.",
                remedy="Check how large the database is, or raise OCIM_COPY_TIMEOUT.",
            )


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.stdout:
        process.stdout.close()
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last(messages: IO[bytes]) -> str:
    size = messages.seek(0, os.SEEK_END)
    messages.seek(max(0, size - MOST_ERRORS))
    text = messages.read().decode(errors="replace").strip()
    return " ".join(text.split()) or "it printed no reason."
