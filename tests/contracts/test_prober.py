"""The contract of every prober."""

import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

import pytest

from ocim.adapters.memory.probers import MemoryProber, Reply
from ocim.adapters.probers.http import HttpProber
from ocim.core.health import Probe, verdict
from ocim.ports.probers import Prober
from tests.web_servers import (
    Misbehaviour,
    answer,
    dripping,
    hanging,
    raw_server,
    resetting,
    saying,
    web_server,
)

REPLIES = {
    "/fine": Reply(text="all is well"),
    "/broken": Reply(status=500, text="Server Error"),
    "/moved": Reply(status=302),
    "/long": Reply(text="ä" * 5000),
    "/endless": Reply(text="a" * 100_000),
    "/typed": Reply(text="{}", content_type="application/json"),
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
        reply = REPLIES[handler.path]
        headers = {"Location": "/fine"} if reply.status == 302 else {}
        headers["Content-Type"] = reply.content_type
        answer(handler, reply.status or 200, reply.text, **headers)

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


def test_the_media_type_is_told(world: World) -> None:
    assert world.prober.get(Probe("heartbeat", world.url("/typed"))).content_type == (
        "application/json"
    )


def test_a_body_that_is_too_long_is_not_read_to_its_end(world: World) -> None:
    result = world.prober.get(Probe("heartbeat", world.url("/endless"), longest=1000))

    assert (result.status, result.body) == (200, "a" * 1000)
    assert result.error == "its body is longer than 1,000 bytes"
    assert not verdict([result]).healthy


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
RIGHT = b'{"sql": {"status": true}}'
BOMB = gzip.compress(b'{"sql": {"status": true}}' + b" " * 10_000_000)
MISBEHAVIOURS: dict[str, Misbehaviour] = {
    "says nothing": hanging,
    "resets": resetting,
    "hangs up": saying(b""),
    "drips its headers": dripping(OK),
    "drips its status line": dripping(b"", b"H"),
    "drips its body": dripping(OK + b"Content-Length: 1000000\r\n\r\n", b" "),
    "drips chunks": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "drips until it hangs up": dripping(OK + b"\r\n" + RIGHT, b" "),
    "sends headers without end": dripping(OK, b"A: " + b"a" * 8000 + b"\r\n", 0),
    "sends a header without end": dripping(OK + b"A: ", b"a" * 8000, 0),
    "sends a body without end": dripping(OK + b"\r\n" + RIGHT, b" " * 8000, 0),
    "says continue for ever": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0),
    "sends binary garbage": saying(bytes(range(256)) * 40),
    "sends a binary body": saying(OK + b"\r\n" + bytes(range(256)) * 40),
    "is no HTTP": saying(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "is another version": saying(b"HTTP/9.9 200 OK\r\n\r\n" + RIGHT),
    "promises more": saying(OK + b"Content-Length: 100\r\n\r\n" + RIGHT),
    "promises less": saying(OK + b"Content-Length: 10\r\n\r\n" + RIGHT),
    "promises nonsense": saying(OK + b"Content-Length: -5\r\n\r\n" + RIGHT),
    "breaks its chunks off": saying(
        OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(RIGHT) + RIGHT + b"\r\n"
    ),
    "is not UTF-8": saying(OK + b'\r\n{"sql": {"status": true, "message": "\xff"}}'),
    "is packed": saying(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(RIGHT)),
    "is a packed bomb": saying(OK + b"Content-Encoding: gzip\r\n\r\n" + BOMB),
    "is redirected to itself": saying(b"HTTP/1.1 302 Found\r\nLocation: /heartbeat\r\n\r\n"),
    "is of another type": saying(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + RIGHT),
    "says that it is not well": saying(OK + b'\r\n{"sql": {"status": false}}'),
    "has no content": saying(b"HTTP/1.1 204 No Content\r\n\r\n"),
}
LIMIT = 0.3


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
def test_a_server_that_misbehaves_is_not_healthy_and_takes_no_longer_than_its_time(
    misbehaviour: str,
) -> None:
    with raw_server(MISBEHAVIOURS[misbehaviour]) as port:
        started = time.monotonic()
        result = HttpProber().get(heartbeat(port))
        took = time.monotonic() - started

    assert not verdict([result]).healthy
    assert len(result.body) <= result.probe.longest
    assert took < 3 * LIMIT


def test_the_same_server_is_healthy_where_it_behaves() -> None:
    with raw_server(saying(OK + b"\r\n" + RIGHT)) as port:
        assert verdict([HttpProber().get(heartbeat(port))]).reasons == ()


@pytest.mark.parametrize("misbehaviour", ["says nothing", "drips its headers", "drips its body"])
def test_who_is_late_is_told_from_who_hangs_up(misbehaviour: str) -> None:
    with raw_server(MISBEHAVIOURS[misbehaviour]) as port:
        result = HttpProber().get(heartbeat(port))

    assert (result.error, result.timed_out) == (f"timed out after {LIMIT:g} s", True)
    assert not HttpProber().get(heartbeat(1)).timed_out


def test_a_handshake_that_does_not_end_takes_no_longer_than_its_time() -> None:
    with raw_server(dripping(b"\x16\x03\x03\x3f\xff", b"\0")) as port:
        result = HttpProber().get(Probe("front", f"https://127.0.0.1:{port}/", timeout=LIMIT))

    assert result.timed_out
    assert result.seconds < 3 * LIMIT


def heartbeat(port: int) -> Probe:
    return Probe(
        "heartbeat",
        f"http://127.0.0.1:{port}/heartbeat",
        expect_type="application/json",
        expect_statuses=True,
        timeout=LIMIT,
    )
