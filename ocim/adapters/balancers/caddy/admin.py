"""Talking to a Caddy over its admin socket."""

import json
import os
import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from ocim.adapters.balancers.caddy.settings import ADMIN_SOCKET
from ocim.core.errors import OutsideError

START = "Start it with `ocim balancer run edge` and `ocim balancer run router`."
_TIMEOUT = 60.0


class _Connection(HTTPConnection):
    """To the socket by way of an open directory: its whole path may be too long for an address."""

    def __init__(self, state: Path) -> None:
        super().__init__("caddy", timeout=_TIMEOUT)
        self._state = state

    def connect(self) -> None:
        directory = os.open(self._state, os.O_PATH | os.O_DIRECTORY)
        self.sock = socket.socket(socket.AF_UNIX)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(f"/proc/self/fd/{directory}/{ADMIN_SOCKET}")
        except OSError:
            self.close()
            raise
        finally:
            os.close(directory)


def ask(state: Path, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
    """The status and what was said; OutsideError where nobody answers."""
    connection = _Connection(state)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, _message(answer.read())
    except (FileNotFoundError, ConnectionRefusedError):
        raise OutsideError(
            f"The balancer is not running: nobody answers at {state / ADMIN_SOCKET}.",
            remedy=START,
        ) from None
    except (OSError, HTTPException) as error:
        raise OutsideError(
            f"The balancer did not answer: {str(error) or type(error).__name__}.",
            remedy="It may have ended just now; what it said is in its log.",
        ) from error
    finally:
        connection.close()


def _message(said: bytes) -> str:
    text = said.decode(errors="replace").strip()
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text
