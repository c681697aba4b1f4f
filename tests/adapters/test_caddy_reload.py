"""Changes of the routing: no request is lost."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from ocim.adapters.balancers.caddy import CaddyBalancer
from ocim.core.routing import Routing, Site
from tests.adapters.caddy_support import (
    AppServer,
    Browser,
    app_servers,
    processes,
    settings_for,
    until,
)

NAME = "demo.localhost"
RELOADS = 24


@dataclass
class World:
    balancer: CaddyBalancer
    browser: Browser
    one: AppServer
    two: AppServer

    def serve(self, *servers: AppServer) -> None:
        self.balancer.apply(Routing((Site((NAME,), tuple(s.upstream for s in servers)),)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = settings_for(tmp_path, drain=0.5)
    with app_servers("one", "two") as (item, two), processes(settings):
        yield World(CaddyBalancer(settings), Browser(settings), item, two)


@dataclass
class Counting:
    """A client that asks without pause, never asks again, and takes note of every failure."""

    browser: Browser
    keeps_its_connection: bool
    answered: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def run(self, over: threading.Event) -> None:
        connection = self._connection()
        while not over.is_set():
            try:
                self._ask(connection)
                if not self.keeps_its_connection:
                    connection.close()
                    connection = self._connection()
            except (OSError, HTTPException) as error:
                self.failed.append(repr(error))
                connection.close()
                connection = self._connection()
        connection.close()

    def _ask(self, connection: HTTPConnection) -> None:
        method = "POST" if self.answered.total() % 2 else "GET"
        connection.request(method, "/", headers={"Host": NAME}, body=b"x" * 100)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or answer.will_close:
            self.failed.append(f"{answer.status}, will close: {answer.will_close}")
        else:
            self.answered["one" if b'"one"' in body else "two"] += 1

    def _connection(self) -> HTTPConnection:
        connection = HTTPConnection(NAME)
        connection.sock = self.browser.connect(NAME)
        connection.auto_open = 0
        return connection


@contextmanager
def asking(*clients: Counting) -> Iterator[None]:
    over = threading.Event()
    threads = [threading.Thread(target=client.run, args=(over,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def two_more_answers(clients: list[Counting]) -> None:
    """Wait until every client has asked at least one question that it had not asked before."""
    goals = [(client, client.answered.total() + 2) for client in clients]
    until(
        lambda: all(client.answered.total() >= goal or client.failed for client, goal in goals),
        "the clients stopped asking",
    )


def test_clients_see_no_failure_while_the_routing_changes(world: World) -> None:
    world.serve(world.one)
    clients = [Counting(world.browser, keeps) for keeps in (True, True, False, False)]
    with asking(*clients):
        for servers in [(world.two,), (world.one, world.two), (world.one,)] * (RELOADS // 3):
            world.serve(*servers)
            two_more_answers(clients)
    assert [client.failed for client in clients] == [[], [], [], []]
    for client in clients:
        assert set(client.answered) == {"one", "two"}


def test_clients_see_no_failure_while_an_app_server_takes_over(world: World) -> None:
    """Switch over: both serve, the old one leaves the routing, the old one ends."""
    world.serve(world.one)
    clients = [Counting(world.browser, keeps) for keeps in (True, False)]
    with asking(*clients):
        world.serve(world.one, world.two)
        world.serve(world.two)
        world.one.stop()
        two_more_answers(clients)
    world.one.start()
    assert [client.failed for client in clients] == [[], []]


def test_a_slow_answer_of_the_old_app_server_arrives_after_the_switch(world: World) -> None:
    world.serve(world.one)
    slow: list[str] = []

    def ask_slowly() -> None:
        slow.append(world.browser.get(NAME, "/slow").json()["name"])

    thread = threading.Thread(target=ask_slowly)
    thread.start()
    assert world.one.begun.wait(30)
    world.serve(world.two)
    assert world.browser.get(NAME).json()["name"] == "two"
    assert not slow
    world.one.may_finish.set()
    thread.join()
    assert slow == ["one"]


def test_an_open_stream_outlives_the_switch(world: World) -> None:
    world.serve(world.one)
    with world.browser.connect(NAME) as connection:
        connection.sendall(
            f"GET /echo HTTP/1.1\r\nHost: {NAME}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode()
        )
        stream = connection.makefile("rb")
        while stream.readline().strip():
            pass
        world.serve(world.two)
        assert world.browser.get(NAME).json()["name"] == "two"
        connection.sendall(b"still there?\n")
        assert stream.readline() == b"still there?\n"
