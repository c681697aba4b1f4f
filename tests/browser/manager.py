"""The manager under test, and beside it a helper that writes to its database."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.browser.helper import ROOT, Helper
from tests.identity_provider import CLIENT, SECRET, IdentityProvider


class Manager:
    """uvicorn on a port of its own, with everything that it keeps below `var`."""

    def __init__(self, var: Path) -> None:
        self._var = var
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "ocim.project.settings",
            "OCIM_VAR": str(var),
            "OCIM_MASTER_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "SECRET_KEY": "only for tests",
            "DATABASE_URL": "",
            "OCIM_QUEUE_URL": "",
        }
        # Held here, so that the port stays the manager's while it is started again.
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            return_to = f"{self.url}/sign-in/single/return/"
            self.provider = stack.enter_context(IdentityProvider(self._var, return_to))
            self._environment |= {
                "OCIM_OIDC_ISSUER": self.provider.issuer,
                "OCIM_OIDC_CLIENT": CLIENT,
                "OCIM_OIDC_SECRET": SECRET,
                "OCIM_OIDC_ROLES": "ops=releaser,campus=operator@Campus",
            }
            self._helper = stack.enter_context(Helper(self._environment))
            self.run("setup")
            self._server = self._serve()
            self._ends = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
        self._ends.close()
        self._end(self._server)

    @property
    def pid(self) -> int:
        """Id of the web process."""
        return self._server.pid

    def run(self, deed: str, *arguments: object) -> Any:
        """Do one of `tests.browser.deeds`, and return what it returns."""
        return self._helper.run(deed, *arguments)

    def kill_and_start_again(self) -> None:
        """Let the web process die without a word; another takes its place."""
        self._end(self._server)
        self._server = self._serve()

    def _serve(self) -> subprocess.Popen[bytes]:
        fd = self._listener.fileno()
        with (self._var / "uvicorn.log").open("ab") as output:
            server = self._process(
                *("uvicorn", "ocim.project.asgi:application", "--fd", str(fd), "--lifespan", "off"),
                pass_fds=[fd],
                stdout=output,
                stderr=output,
            )
        # The socket listens already: the first request waits until it is served.
        httpx.get(f"{self.url}/sign-in/", timeout=60).raise_for_status()
        return server

    def _process(self, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", *command], env=self._environment, cwd=ROOT, **options
        )

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.communicate()
