from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

import pytest

from ocim.adapters.probers.http import HttpProber
from ocim.core.errors import TransientError
from ocim.core.health import Probe
from tests.web_servers import Authority, answer, web_server


def say_what_was_asked(handler: BaseHTTPRequestHandler) -> None:
    answer(handler, text=f"{handler.headers['Host']} {handler.path}")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def tls_port(authority: Authority, tmp_path: Path) -> Iterator[int]:
    with web_server(say_what_was_asked, tls=authority.server_context("a.test", tmp_path)) as port:
        yield port


def through(port: int, url: str) -> Probe:
    return Probe("front", url, connect_to=f"127.0.0.1:{port}")


def test_it_connects_elsewhere_and_asks_for_the_public_name() -> None:
    with web_server(say_what_was_asked) as port:
        result = HttpProber().get(through(port, "http://a.test/heartbeat?full=1"))

    assert result.excerpt == "a.test /heartbeat?full=1"


def test_a_public_port_is_part_of_the_name() -> None:
    with web_server(say_what_was_asked) as port:
        result = HttpProber().get(through(port, "http://a.test:8443/"))

    assert result.excerpt == "a.test:8443 /"


def test_it_trusts_the_authority_that_it_is_told(tls_port: int, authority: Authority) -> None:
    prober = HttpProber(lambda: authority.pem)

    result = prober.get(through(tls_port, "https://a.test:8443/"))

    assert (result.error, result.excerpt) == ("", "a.test:8443 /")


def test_a_certificate_of_somebody_else_is_an_error(tls_port: int) -> None:
    result = HttpProber().get(through(tls_port, "https://a.test/"))

    assert result.status is None
    assert "certificate verify failed" in result.error


def test_a_certificate_for_another_name_is_an_error(tls_port: int, authority: Authority) -> None:
    result = HttpProber(lambda: authority.pem).get(through(tls_port, "https://b.test/"))

    assert result.status is None
    assert "b.test" in result.error


def test_an_authority_that_comes_later_is_trusted_then(tls_port: int, authority: Authority) -> None:
    pem = iter(["", authority.pem])
    prober = HttpProber(lambda: next(pem))

    assert prober.get(through(tls_port, "https://a.test/")).status is None
    assert prober.get(through(tls_port, "https://a.test/")).status == 200


def test_an_authority_that_cannot_be_had_is_an_error_of_the_probe(tls_port: int) -> None:
    def fail() -> str:
        raise TransientError("The balancer does not answer.")

    result = HttpProber(fail).get(through(tls_port, "https://a.test/"))

    assert (result.status, result.error) == (None, "The balancer does not answer.")


def test_an_authority_that_is_no_certificate_is_an_error_of_the_probe(tls_port: int) -> None:
    assert HttpProber(lambda: "nonsense").get(through(tls_port, "https://a.test/")).error


def test_one_that_accepts_and_says_nothing_times_out() -> None:
    def say_nothing(_: BaseHTTPRequestHandler) -> None:
        ended.wait()

    ended = Event()
    with web_server(say_nothing) as port:
        result = HttpProber().get(Probe("front", f"http://127.0.0.1:{port}/", timeout=0.1))
        ended.set()

    assert result.error == "timed out after 0.1 s"


def test_a_body_that_does_not_end_is_not_read_for_ever() -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not ended.wait(0.01):
            handler.wfile.write(b".")
            handler.wfile.flush()

    ended = Event()
    with web_server(drip) as port:
        result = HttpProber().get(Probe("front", f"http://127.0.0.1:{port}/", timeout=0.1))
        ended.set()

    assert result.error == "timed out after 0.1 s"


def test_an_answer_that_breaks_off_is_none() -> None:
    def break_off(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()

    with web_server(break_off) as port:
        result = HttpProber().get(Probe("front", f"http://127.0.0.1:{port}/"))

    assert result.status is None
    assert "closed" in result.error


def test_what_databases_refuse_is_taken_out_of_the_body() -> None:
    with web_server(lambda handler: answer(handler, text="a\0b")) as port:
        result = HttpProber().get(Probe("front", f"http://127.0.0.1:{port}/"))

    assert result.excerpt == "a\ufffdb"


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "ftp://a.test/", "http://", "http://[", "http://a.test:99999/", "http://ä b/"],
)
def test_a_url_that_cannot_be_asked_is_an_error_of_the_probe(url: str) -> None:
    result = HttpProber().get(Probe("front", url))

    assert result.status is None
    assert result.error


def test_a_bad_place_to_connect_to_is_an_error_of_the_probe() -> None:
    assert HttpProber().get(Probe("front", "http://a.test/", connect_to="a:b:c")).error
