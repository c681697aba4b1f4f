"""An OpenID Connect provider in a process of its own: Django OAuth Toolkit with one client."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.child_process import ChildProcess

CLIENT, SECRET = "ocim", "the secret of the client"
PASSWORD = "right"
ROOT = Path(__file__).parents[2]


class IdentityProvider(ChildProcess):
    """The provider's process, until the block ends."""

    def __init__(self, directory: Path, return_to: str) -> None:
        self._directory = directory
        self._return_to = return_to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.issuer = f"{self._url}/o"

    def start(self) -> "subprocess.Popen[bytes]":
        with self._listener:  # the process's from now on: if it dies, nobody waits for it
            fd = self._listener.fileno()
            arguments = [str(fd), str(self._directory), self._return_to]
            return subprocess.Popen(
                [sys.executable, "-m", "tests.identity_provider", *arguments],
                pass_fds=[fd],
                cwd=ROOT,
            )

    def person(self, name: str, **values: Any) -> None:
        """Let somebody with these claims sign in, or change their claims."""
        body = {"name": name, "claims": values}
        httpx.post(f"{self._url}/people/", json=body, timeout=60).raise_for_status()
