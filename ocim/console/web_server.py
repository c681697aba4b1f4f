"""The web server of the pages: uvicorn, with limits on slow and on many clients.

uvicorn itself waits forever for the end of a request.
"""

import asyncio
import resource
import socket
import sys

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 20.0
"""Maximum seconds to receive a request, from the connection or the request's first byte."""
NOT_STARTED = 3
"""Exit status if the server cannot listen."""
CONNECTIONS = 4000
"""Maximum number of open connections; further clients get the status 503."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with a time limit for receiving a request; then the connection is closed."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first request."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Receive bytes of a request, and stop the clock when the request is complete."""
        if self._deadline is None and self.conn.their_state is h11.IDLE:
            self._expect()
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._stop_clock()
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def serve(host: str, port: int, sockets: list[socket.socket] | None = None) -> None:
    """Serve the pages until a signal ends this process, on `sockets` if there are any.

    Exit with NOT_STARTED if the address is taken.
    """
    _allow_many_files()
    config = uvicorn.Config(
        "ocim.project.asgi:application",
        host=host,
        port=port,
        http=PatientProtocol,
        limit_concurrency=CONNECTIONS,
        # Event streams stay open as long as a page is open; the shutdown does not wait for them.
        timeout_graceful_shutdown=2,
        lifespan="off",
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    server.run(sockets)
    if not server.started:
        sys.exit(NOT_STARTED)


def _allow_many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(2 * CONNECTIONS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
