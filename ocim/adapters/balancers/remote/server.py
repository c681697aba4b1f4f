"""The ASGI application on the balancer's machine, which applies what managers send."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from ocim.adapters.balancers.remote.messages import read_routing, write_error
from ocim.core.errors import Conflict, OcimError, ValidationError
from ocim.ports.balancers import Balancer

LARGEST = 64 * 2**20
"""Maximum size of a request, in bytes: ten thousand instances take about 5 MB."""

_Receive = Callable[[], Awaitable[dict[str, Any]]]
_Send = Callable[[dict[str, Any]], Awaitable[None]]


class Control:
    """The requests of managers on other machines: replace the routing, ask what is served.

    They cannot send Caddy's own configuration, which could read this machine's files.
    """

    def __init__(self, balancer: Balancer) -> None:
        self._balancer = balancer

    async def __call__(self, scope: dict[str, Any], receive: _Receive, send: _Send) -> None:
        """Answer a request."""
        try:
            body = await _body(receive)
            status = HTTPStatus.OK
            content = await asyncio.to_thread(self._answer, scope["method"], scope["path"], body)
        except OcimError as error:
            status, content = write_error(error)
        length = (b"content-length", str(len(content)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [length]})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, method: str, path: str, body: bytes) -> bytes:
        match method, path.split("/")[1:]:
            case "PUT", ["routing"]:
                self._balancer.apply(read_routing(body))
                return b""
            case "GET", ["routing", digest]:
                return b"true" if self._balancer.is_applied(digest) else b"false"
            case "GET", ["authority"]:
                return self._balancer.authority().encode()
        raise Conflict(
            f"The balancer's machine does not know {method} {path}.",
            remedy="Upgrade Ocim there first, then on the managers' machines.",
        )


async def _body(receive: _Receive) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        parts += message.get("body", b"")
        if len(parts) > LARGEST:
            raise ValidationError([f"The request has more than {LARGEST} bytes."])
        if not message.get("more_body"):
            return bytes(parts)
