"""Find programs, and run them to their end within limits of time and output.

The output may come from a repository, a remote host or somebody else's server, so it is never kept
without a limit, and never waited for without one.
"""

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from ocim.adapters.streams import MOST_OUTPUT, Streams, kill, wait
from ocim.core import stopping
from ocim.core.errors import PermanentError
from ocim.core.hosts import UMASK, Ran

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
            streams = Streams(process, stdin.encode(), most, time.monotonic() + timeout, check)
            streams.work()
            status = wait(process, streams.deadline, check)
        except subprocess.TimeoutExpired:
            raise subprocess.TimeoutExpired(argv, timeout) from None
        finally:
            kill(process)
    return streams.ran(status)


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
            return wait(process, time.monotonic() + timeout, stopping.check)
        finally:
            kill(process)
