"""A size limit of request bodies.

Django writes a whole body to disk before it checks who sends it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_BYTES = 5 * 1024 * 1024
"""Size of the largest body that is read; forms are far smaller."""


class TooLarge(Exception):
    """The body has more bytes than are read."""


class LimitBodies:
    """ASGI middleware that answers 413 to a body of more than `BODY_BYTES`."""

    def __init__(self, app: Callable[[dict[str, Any], Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Pass the request on, counting what is read of its body."""
        left = BODY_BYTES

        async def count() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise TooLarge
            return message

        try:
            await self._app(scope, count, send)
        except TooLarge:
            await _refuse(send)


async def _refuse(send: Send) -> None:
    text = f"The request body is too large: the limit is {BODY_BYTES} bytes.\n".encode()
    start = {
        "type": "http.response.start",
        "status": 413,
        "headers": [(b"content-type", b"text/plain"), (b"connection", b"close")],
    }
    body = {"type": "http.response.body", "body": text}
    await send(start)
    await send(body)
