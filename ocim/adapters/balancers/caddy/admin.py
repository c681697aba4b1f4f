"""Requests to a Caddy over its admin socket."""

import json
import os
import socket
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from ocim.adapters.balancers.caddy.settings import ADMIN_SOCKET
from ocim.core.errors import TransientError

START = "Start it with `ocim balancer run edge` and `ocim balancer run router`."
_TIMEOUT = 60.0
"""Time limit for a request, in seconds."""


class _Socket(socket.socket):
    """A Unix socket with one time limit for everything that the other side sends."""

    def __init__(self, seconds: float) -> None:
        super().__init__(socket.AF_UNIX)
        self._deadline = time.monotonic() + seconds
        self.settimeout(seconds)

    def recv_into(self, *arguments: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.settimeout(left)
        return super().recv_into(*arguments)


class _Connection(HTTPConnection):
    """A connection through an open directory, since the socket's whole path may be too long."""

    def __init__(self, state: Path, seconds: float) -> None:
        super().__init__("caddy")
        self._state = state
        self._seconds = seconds

    def connect(self) -> None:
        directory = os.open(self._state, os.O_PATH | os.O_DIRECTORY)
        self.sock = _Socket(self._seconds)
        try:
            self.sock.connect(f"/proc/self/fd/{directory}/{ADMIN_SOCKET}")
        except OSError:
            self.close()
            raise
        finally:
            os.close(directory)


def ask(
    state: Path, method: str, path: str, body: bytes = b"", *, seconds: float = _TIMEOUT
) -> tuple[int, str]:
    """Return the status and the message of Caddy's answer.

    Raise TransientError if it does not answer within `seconds`.
    """
    connection = _Connection(state, seconds)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, _message(answer.read())
    except (FileNotFoundError, ConnectionRefusedError):
        raise TransientError(
            f"The balancer is not running: no answer at {state / ADMIN_SOCKET}.",
            remedy=START,
        ) from None
    except (OSError, HTTPException) as error:
        raise TransientError(
            f"The balancer did not answer: {str(error) or type(error).__name__}.",
            remedy="See its log: it may just have ended.",
        ) from error
    finally:
        connection.close()


def _message(body: bytes) -> str:
    text = body.decode(errors="replace").strip()
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text
