"""Programs, locks and requests end with the job that waits for them."""

import fcntl
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ocim.adapters import locks
from ocim.adapters.probers.http import HttpProber
from ocim.adapters.programs import capture
from ocim.core import stopping
from ocim.core.health import Probe

# Starts another one, which keeps the pipes open, and writes down both.
HANGS = (
    "import os, sys, time\n"
    "os.fork()\n"
    "open(f'{sys.argv[1]}/{os.getpid()}', 'w').close()\n"
    "time.sleep(600)\n"
)


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Yield a function that ends the scope of the block."""
    monkeypatch.setattr(stopping, "EVERY", 0.0)
    monkeypatch.setattr(stopping, "STEP", 0.02)
    is_over: list[bool] = []
    with stopping.scope(lambda: stopping.Ended("It is over.") if is_over else None):
        yield lambda: is_over.append(True)


def hang(place: Path, *, timeout: float) -> None:
    capture([sys.executable, "-c", HANGS, str(place)], timeout=timeout)


def alive(place: Path) -> list[str]:
    """Return the running processes that the test has started."""
    running = []
    for item in place.iterdir():
        stat = Path(f"/proc/{item.name}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
            running.append(item.name)
    return running


def wait_for_none(place: Path) -> None:
    deadline = time.monotonic() + 10
    while alive(place):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_whose_job_ends_is_killed_with_all_that_it_started(
    tmp_path: Path, over: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    check = stopping.check

    def end_when_both_run() -> None:
        if len(list(tmp_path.iterdir())) == 2:
            over()
        check()

    monkeypatch.setattr(stopping, "check", end_when_both_run)
    with pytest.raises(stopping.Ended):
        hang(tmp_path, timeout=60)
    assert len(list(tmp_path.iterdir())) == 2
    wait_for_none(tmp_path)


def test_none_is_started_for_a_job_that_is_over(tmp_path: Path, over: Callable[[], None]) -> None:
    over()
    with pytest.raises(stopping.Ended):
        capture(["touch", str(tmp_path / "it")], timeout=60)
    assert not (tmp_path / "it").exists()


def test_a_lock_that_another_holds_is_not_waited_for_longer_than_the_job_lasts(
    tmp_path: Path, over: Callable[[], None]
) -> None:
    descriptors = [os.open(tmp_path, os.O_RDONLY) for _ in range(2)]
    try:
        locks.acquire(descriptors[0])
        with pytest.raises(BlockingIOError):
            locks.acquire(descriptors[1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        over()
        with pytest.raises(stopping.Ended):
            locks.acquire(descriptors[1])
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def test_a_request_without_an_answer_is_cut_off(over: Callable[[], None]) -> None:
    def take_and_say_nothing() -> None:
        with server.accept()[0] as connection:
            over()
            connection.recv(4096)
            connection.recv(4096)  # until the other side has closed it

    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = threading.Thread(target=take_and_say_nothing)
        silent.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        result = HttpProber().get(Probe("slow", url, timeout=600))
        silent.join()

    assert result.status is None
    assert "It is over." in result.error
