"""Sessions with a command that stays: it reads a line and answers, again and again."""

import subprocess
import time
from collections.abc import Sequence

from ocim.adapters.streams import MOST_OUTPUT, Streams, kill, wait
from ocim.core import stopping
from ocim.core.errors import HostUnreachable, TransientError
from ocim.core.hosts import UMASK, Ran


class CommandSession:
    """A session with a command that this process starts.

    It ends with the thread that opens it, if that belongs to its sandbox. `host`: name for errors.
    `lost`: exit status with which the command reports a lost connection.
    """

    def __init__(self, argv: Sequence[str], *, host: str, lost: int | None = None) -> None:
        stopping.check()
        self._host = host
        self._lost = lost
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            umask=UMASK,
        )

    @property
    def is_open(self) -> bool:
        """True while the command runs."""
        return self._process.poll() is None

    def ask(self, line: str, *, timeout: float) -> Ran:
        """Send a line, and return its answer, or how the command ended."""
        deadline = time.monotonic() + timeout
        streams = Streams(
            self._process,
            f"{line}\n".encode(),
            MOST_OUTPUT,
            deadline,
            stopping.check,
            answers=True,
        )
        try:
            streams.work()
            if streams.status is not None:
                return streams.ran(streams.status)
            ran = streams.ran(wait(self._process, deadline, stopping.check))
        except subprocess.TimeoutExpired as error:
            raise TransientError(f"{self._host} did not answer in {timeout:g} s.") from error
        finally:
            if streams.status is None:
                self.close()
        if ran.status == self._lost:
            reason = ran.errors.strip() or "the connection was lost"
            raise HostUnreachable(f"{self._host}: {reason}.")
        return ran

    def close(self) -> None:
        """End the command."""
        kill(self._process)
        with self._process:
            pass
