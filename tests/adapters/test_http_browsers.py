import gzip
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

import pytest

from ocim.adapters.browsers.http import LONGEST, HttpBrowsers
from tests.web_servers import (
    HOUR,
    Authority,
    Misbehaviour,
    answer,
    dripping,
    raw_server,
    saying,
    web_server,
)


def say_what_was_asked(handler: BaseHTTPRequestHandler) -> None:
    answer(handler, text=f"{handler.headers['Host']} {handler.headers.get('Cookie')}")


def test_names_lead_to_the_balancer_and_its_authority_is_trusted(tmp_path: Path) -> None:
    authority = Authority()
    tls = authority.server_context("a.test", tmp_path)
    with (
        web_server(say_what_was_asked, tls=tls) as port,
        HttpBrowsers(lambda: authority.pem).open({"a.test"}, f"127.0.0.1:{port}") as browser,
    ):
        page = browser.request("GET", "https://a.test:8443/x")
    assert (page.error, page.text) == ("", "a.test:8443 None")
    assert page.url == "https://a.test:8443/x"


def test_a_certificate_of_somebody_else_is_an_error(tmp_path: Path) -> None:
    tls = Authority().server_context("a.test", tmp_path)
    with (
        web_server(say_what_was_asked, tls=tls) as port,
        HttpBrowsers().open({"a.test"}, f"127.0.0.1:{port}") as browser,
    ):
        page = browser.request("GET", "https://a.test:8443/x")
    assert page.status is None
    assert "certificate verify failed" in page.error


def test_a_certificate_that_is_over_is_told_as_such(tmp_path: Path) -> None:
    authority = Authority()
    tls = authority.server_context("a.test", tmp_path, lasts=-HOUR)
    with (
        web_server(say_what_was_asked, tls=tls) as port,
        HttpBrowsers(lambda: authority.pem).open({"a.test"}, f"127.0.0.1:{port}") as browser,
    ):
        page = browser.request("GET", "https://a.test:8443/x")
    assert "certificate has expired" in page.error


def test_cookies_of_one_name_are_not_shown_to_another() -> None:
    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Set-Cookie", f"of={handler.headers['Host']}; Path=/")
        text = f"{handler.headers.get('Cookie')}".encode()
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    with (
        web_server(give) as port,
        HttpBrowsers().open({"a.test", "b.test"}, f"127.0.0.1:{port}") as browser,
    ):
        texts = [browser.request("GET", f"http://{item}.test/").text for item in "aba"]
    assert texts == ["None", "None", "of=a.test"]


def test_a_host_of_somebody_else_is_reached_where_it_is() -> None:
    with (
        web_server(say_what_was_asked) as port,
        HttpBrowsers().open({"a.test"}, "127.0.0.1:1") as browser,
    ):
        page = browser.request("GET", f"http://127.0.0.1:{port}/")
    assert page.status == 200


def test_one_that_says_nothing_is_not_waited_for_for_ever() -> None:
    def say_nothing(_: BaseHTTPRequestHandler) -> None:
        ended.wait()

    ended = Event()
    with (
        web_server(say_nothing) as port,
        HttpBrowsers(timeout=0.1).open({"a.test"}, f"127.0.0.1:{port}") as browser,
    ):
        page = browser.request("GET", "http://a.test/")
        ended.set()
    assert page.error == "no answer in time"


def test_a_url_that_cannot_be_asked_is_an_error() -> None:
    with HttpBrowsers().open({"a.test"}, "127.0.0.1:1") as browser:
        assert browser.request("GET", "nonsense").error


@pytest.mark.parametrize(
    "misbehaviour",
    [
        dripping(b"HTTP/1.1 200 OK\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\n\r\n"),
        dripping(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"),
    ],
)
def test_one_that_drips_is_not_waited_for_for_ever(misbehaviour: Misbehaviour) -> None:
    with (
        raw_server(misbehaviour) as port,
        HttpBrowsers(timeout=0.2).open({"a.test"}, f"127.0.0.1:{port}") as browser,
    ):
        started = time.monotonic()
        page = browser.request("GET", "http://a.test/")
        assert time.monotonic() - started < 1
    assert (page.status, page.error) == (None, "no answer in time")


def test_every_request_has_the_whole_time() -> None:
    with (
        web_server(say_what_was_asked) as port,
        HttpBrowsers(timeout=0.3).open({"a.test"}, f"127.0.0.1:{port}") as browser,
    ):
        ended = time.monotonic() + 0.5
        while time.monotonic() < ended:
            assert browser.request("GET", "http://a.test/").status == 200


def test_a_page_that_is_unpacked_without_end_is_not_read_to_its_end() -> None:
    packed = gzip.compress(b"a" * 30_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    with (
        raw_server(saying(head + packed)) as port,
        HttpBrowsers().open({"a.test"}, f"127.0.0.1:{port}") as browser,
    ):
        page = browser.request("GET", "http://a.test/")
    assert (page.error, len(page.text)) == ("", LONGEST)
