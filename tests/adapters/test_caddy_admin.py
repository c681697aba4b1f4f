import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from ocim.adapters.balancers.caddy.admin import ask
from ocim.adapters.balancers.caddy.settings import ADMIN_SOCKET
from ocim.core.errors import TransientError
from tests.web_servers import Misbehaviour, dripping, hanging


@contextmanager
def admin(state: Path, talk: Misbehaviour) -> Iterator[None]:
    """Answer the first client that connects."""
    ended = Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            try:
                talk(connection, ended)
            except BrokenPipeError:
                return

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(state / ADMIN_SOCKET))
        server.listen()
        thread = Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize(
    "misbehaviour",
    [hanging, dripping(b"HTTP/1.1 200 OK\r\n"), dripping(b"HTTP/1.1 200 OK\r\n\r\n")],
)
def test_a_balancer_that_drips_is_not_waited_for_for_ever(
    tmp_path: Path, misbehaviour: Misbehaviour
) -> None:
    with (
        admin(tmp_path, misbehaviour),
        pytest.raises(TransientError, match="did not answer: timed out"),
    ):
        ask(tmp_path, "GET", "/config/", seconds=0.2)
