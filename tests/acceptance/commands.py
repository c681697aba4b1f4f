"""Commands of Ocim that begin at once: see `command_server.py`."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
LONGEST = 1 << 20
"""Bytes of a message."""


class CommandServer:
    """Process that forks for each command, all in one environment.

    Its own environment has nothing of the installation, whose processes a test may count.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.acceptance.command_server", str(theirs.fileno())],
                cwd=REPOSITORY,
                env={"PATH": os.defpath},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self._line.send(json.dumps(self.environment).encode())
        assert self._line.recv(LONGEST) == b"ready"

    def run(
        self, *arguments: str, directory: Path, timeout: float
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end; kill it and raise TimeoutError if that takes too long."""
        message = json.dumps({"arguments": arguments, "directory": str(directory)}).encode()
        with (
            Path(os.devnull).open() as nothing,
            tempfile.TemporaryFile("w+") as output,
            tempfile.TemporaryFile("w+") as errors,
        ):
            streams = [stream.fileno() for stream in (nothing, output, errors)]
            self._line.settimeout(timeout)
            socket.send_fds(self._line, [message], streams)
            child = int(self._line.recv(LONGEST))
            try:
                status = int(self._line.recv(LONGEST))
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
                self._line.settimeout(None)
                self._line.recv(LONGEST)
                raise
            output.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(arguments, status, output.read(), errors.read())

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.wait()
