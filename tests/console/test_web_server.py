"""The pages' server, as a process of its own, and clients that do not behave."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.console.processes import ROOT, environment, migrate

SECONDS = 1.0
"""Seconds that a request may take here, so that a test does not wait for long."""
START = """
import sys
from ocim.console import web_server
web_server.REQUEST_SECONDS, web_server.CONNECTIONS = float(sys.argv[2]), 20
web_server.serve("127.0.0.1", int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    var = tmp_path_factory.mktemp("var")
    migrate(var)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Path(var, "web.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", START, str(port), str(SECONDS)],
            cwd=ROOT,
            env=environment(var),
            stdout=log,
            stderr=log,
        )
    try:
        _wait(port)
        yield "127.0.0.1", port
    finally:
        server.kill()
        server.wait()


def _wait(port: int) -> None:
    for _ in range(300):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.1)
    raise AssertionError("It does not serve.")


def _wait_until_free(address: tuple[str, int]) -> None:
    for _ in range(100):
        if httpx.get(f"http://{address[0]}:{address[1]}/sign-in/").status_code == 200:
            return
        time.sleep(0.1)
    raise AssertionError("It does not let go of connections.")


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET / HT",
        b"GET /sign-in/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
    ],
    ids=["nothing", "half a line", "half a header", "half a body"],
)
def test_a_request_that_never_ends_is_cut_off(address: tuple[str, int], beginning: bytes) -> None:
    with socket.create_connection(address, timeout=30) as client:
        client.sendall(beginning)
        assert ends(client)


def test_a_request_that_drips_is_cut_off_although_it_never_pauses(
    address: tuple[str, int],
) -> None:
    with socket.create_connection(address, timeout=30) as client:
        client.sendall(b"GET /sign-in/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        client.settimeout(SECONDS / 10)
        assert any(is_cut_off_over_a_byte(client) for _ in range(300))


def test_a_connection_that_is_kept_serves_one_request_after_another(
    address: tuple[str, int],
) -> None:
    with httpx.Client(base_url=f"http://{address[0]}:{address[1]}") as client:
        assert [client.get("/sign-in/").status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(address: tuple[str, int], chunked: bool) -> None:
    body = b"x" * (6 * 1024 * 1024)
    content = iter([body]) if chunked else body
    url = f"http://{address[0]}:{address[1]}/sign-in/"

    answer = httpx.post(url, content=content, timeout=30)

    assert answer.status_code == 413
    assert "the limit is" in answer.text


def test_more_connections_than_allowed_are_told_to_try_later(address: tuple[str, int]) -> None:
    idle = [socket.create_connection(address) for _ in range(20)]
    try:
        answer = httpx.get(f"http://{address[0]}:{address[1]}/sign-in/")
        assert answer.status_code == 503
    finally:
        for item in idle:
            item.close()
        _wait_until_free(address)


def is_cut_off_over_a_byte(client: socket.socket) -> bool:
    """Send one more byte of a header, and return whether the connection is closed."""
    try:
        client.sendall(b"x")
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def ends(client: socket.socket) -> bool:
    """Return whether the server closes the connection."""
    try:
        while client.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True
