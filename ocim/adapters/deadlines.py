"""HTTP with one time limit for a whole exchange.

HTTP libraries limit each wait, so a server that sends a byte a second is never late. Here every
wait (for the connection, TLS, headers and body) gets the time that is left. A job that is to end
does not wait for the answer.
"""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import httpcore
import httpx

from ocim.core import stopping


@lru_cache(maxsize=4)
def trusting(authority: str) -> ssl.SSLContext:
    """Return a TLS context that trusts the system's authorities and one more, as PEM or empty."""
    context = ssl.create_default_context()
    if authority:
        context.load_verify_locations(cadata=authority)
    return context


class DeadlineTransport(httpx.BaseTransport):
    """A transport for httpx that ends each exchange `seconds` after `restart` was last called.

    The first exchange begins when the transport is created. It makes one request at a time, and
    raises httpx.TransportError for every failure.
    """

    def __init__(self, seconds: float, *, verify: ssl.SSLContext | None = None) -> None:
        self._seconds = seconds
        self._network = _Network(time.monotonic() + seconds)
        self._pool = httpcore.ConnectionPool(ssl_context=verify, network_backend=self._network)

    def restart(self) -> None:
        """Give the next request the whole time limit."""
        self._network.deadline = time.monotonic() + self._seconds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, and return the response once its headers have arrived."""
        url = request.url
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = self._pool.handle_request(sent)
        assert isinstance(answer.stream, Iterable)  # noqa: S101 - the pool is synchronous
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._stream

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.ReadTimeout(str(error)) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise httpx.TransportError(str(error)) from error


class _Network(httpcore.NetworkBackend):
    """The system's network, usable until `deadline`, a time of `time.monotonic`."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._system = httpcore.SyncBackend()

    def left(self) -> float:
        """Return the seconds that are left; raise httpcore.ReadTimeout if there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        connected = self._system.connect_tcp(host, port, self.left(), local_address, socket_options)
        return _Connection(connected, self)


class _Connection(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, network: _Network) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            stopping.check()
            try:
                return self._stream.read(max_bytes, min(self._network.left(), stopping.STEP))
            except httpcore.ReadTimeout:
                self._network.left()  # raises ReadTimeout after the deadline

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._network.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._network.left())
        return _Connection(secure, self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
