"""Listening sockets that are handed from process to process."""

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ocim.processes import sockets

LOCAL = [("127.0.0.1", 0)]


@contextmanager
def holder(run: Path, guard: str, held: sockets.Sockets) -> Iterator[list[bytes]]:
    """Serve sockets in a thread, as a guard does, and yield the requests."""
    requests: list[bytes] = []
    directory = os.open(run, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as server, ExitStack() as cleaning:
        server.bind(f"/proc/self/fd/{directory}/{sockets.address(run, guard).name}")
        server.listen()

        def answer() -> None:
            while True:
                connection, _ = server.accept()
                with connection:
                    requests.append(sockets.serve(connection, held))
                if requests[-1] == b"end":
                    return

        thread = threading.Thread(target=answer)
        thread.start()
        cleaning.callback(os.close, directory)
        cleaning.callback(sockets.close, held)
        cleaning.callback(thread.join)
        cleaning.callback(lambda: sockets.close(sockets.ask(run, guard, b"end")))
        yield requests


def test_who_asks_gets_the_sockets_themselves(tmp_path: Path) -> None:
    bound = sockets.listen_on(LOCAL)
    where = bound[0].getsockname()
    with holder(tmp_path, "0", {"https": bound}):
        got = sockets.ask(tmp_path, "0")
    with got["https"][0] as server, socket.create_connection(where, timeout=5) as visitor:
        accepted, _ = server.accept()
        with accepted:
            assert accepted.getpeername() == visitor.getsockname()


def test_a_directory_may_have_a_long_name(tmp_path: Path) -> None:
    run = tmp_path / ("long-" * 30)
    run.mkdir()
    with holder(run, "1", {"web": sockets.listen_on(LOCAL)}):
        got = sockets.ask(run, "1")
    assert list(got) == ["web"]
    sockets.close(got)


def test_where_nobody_answers_there_is_nothing(tmp_path: Path) -> None:
    assert sockets.ask(tmp_path, "0") == {}
    assert sockets.ask(tmp_path / "nowhere", "0") == {}


def test_what_is_wanted_is_put_together_from_both_guards(tmp_path: Path) -> None:
    with (
        holder(tmp_path, "0", {"https": sockets.listen_on(LOCAL), "web": sockets.listen_on(LOCAL)}),
        holder(tmp_path, "1", {"http": sockets.listen_on(LOCAL)}),
    ):
        got = sockets.wait_for(tmp_path, ["https", "http"])
    assert sorted(got) == ["http", "https"]
    sockets.close(got)


def test_another_user_gets_nothing() -> None:
    class OfAnother(socket.socket):
        def getsockopt(self, *_: int) -> bytes:  # type: ignore[override]
            return struct.pack("3i", 1, os.geteuid() + 1, 1)

    ours, theirs = socket.socketpair(socket.AF_UNIX)
    bound = sockets.listen_on(LOCAL)
    with theirs, OfAnother(fileno=ours.detach()) as connection:
        assert sockets.serve(connection, {"web": bound}) == b""
        connection.shutdown(socket.SHUT_WR)
        assert socket.recv_fds(theirs, 100, 8)[:2] == (b"", [])
    sockets.close({"web": bound})


def test_of_several_addresses_all_or_none_are_bound() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()
        with pytest.raises(OSError, match="in use") as error:
            sockets.listen_on([*LOCAL, taken])
        assert error.value.filename == f"127.0.0.1:{taken[1]}"


@pytest.mark.parametrize("host, asked", [("", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "::1")])
def test_all_addresses_of_both_families_may_be_meant(host: str, asked: str) -> None:
    with sockets.listen(host, 0) as server:
        socket.create_connection((asked, server.getsockname()[1]), timeout=5).close()


PASSED = """
import json
from ocim.processes import sockets
held = sockets.from_systemd()
print(json.dumps({name: [one.getsockname()[1] for one in same] for name, same in held.items()}))
"""


def test_a_socket_unit_passes_sockets_by_name() -> None:
    bound = [sockets.listen("127.0.0.1", 0) for _ in range(3)]
    shell = f"exec env LISTEN_PID=$$ LISTEN_FDS=3 LISTEN_FDNAMES=https:http:https {sys.executable}"

    def at_three() -> None:
        for number, item in enumerate(bound, start=50):
            os.dup2(item.fileno(), number)
        for number in range(3):
            os.dup2(50 + number, 3 + number)

    passed = subprocess.run(
        ["/bin/sh", "-c", f'{shell} -c "$0"', PASSED],
        preexec_fn=at_three,
        close_fds=False,
        capture_output=True,
        check=True,
    )
    first, second, third = [item.getsockname()[1] for item in bound]
    assert json.loads(passed.stdout) == {"https": [first, third], "http": [second]}
    sockets.close({"": bound})


def test_sockets_for_another_process_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert sockets.from_systemd() == {}
