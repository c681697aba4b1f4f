"""What every prober promises."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

import pytest

from ocim.adapters.memory.probers import MemoryProber, Reply
from ocim.adapters.probers.http import HttpProber
from ocim.core.health import verdict
from ocim.core.spec import Probe
from ocim.ports import Prober
from tests.web_servers import answer, web_server

REPLIES = {
    "/fine": Reply(text="all is well"),
    "/broken": Reply(status=500, text="Server Error"),
    "/moved": Reply(status=302),
    "/long": Reply(text="ä" * 5000),
}


@dataclass
class World:
    prober: Prober
    url: Callable[[str], str]


@pytest.fixture(params=["memory", "http"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        nothing = Reply(status=None, error="connection refused")
        prober = MemoryProber(lambda probe: REPLIES.get(probe.url.removeprefix("http:"), nothing))
        yield World(prober, lambda path: f"http:{path}")
        return

    def reply(handler: BaseHTTPRequestHandler) -> None:
        found = REPLIES[handler.path]
        headers = {"Location": "/fine"} if found.status == 302 else {}
        answer(handler, found.status or 200, found.text, **headers)

    with web_server(reply) as port:
        yield World(HttpProber(), lambda path: f"http://127.0.0.1:{port}{path}")


def test_what_answers_as_expected_is_healthy(world: World) -> None:
    probe = Probe("heartbeat", world.url("/fine"), expect_text="well")

    result = world.prober.get(probe)

    assert (result.probe, result.status, result.error) == (probe, 200, "")
    assert result.excerpt == "all is well"
    assert verdict([result]).healthy


def test_a_failing_answer_is_kept_as_it_is(world: World) -> None:
    result = world.prober.get(Probe("heartbeat", world.url("/broken")))

    assert (result.status, result.excerpt) == (500, "Server Error")


def test_a_redirect_is_not_followed(world: World) -> None:
    assert world.prober.get(Probe("heartbeat", world.url("/moved"))).status == 302


def test_no_more_than_the_beginning_of_the_body_is_kept(world: World) -> None:
    assert world.prober.get(Probe("heartbeat", world.url("/long"))).excerpt == "ä" * 2000


def test_no_answer_is_a_result_with_a_reason(world: World) -> None:
    result = world.prober.get(Probe("heartbeat", "http://127.0.0.1:1/fine"))

    assert result.status is None
    assert "refused" in result.error
    assert not verdict([result]).healthy
