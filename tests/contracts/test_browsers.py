"""The contract of every browser."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl

import pytest

from ocim.adapters.browsers.http import HttpBrowsers
from ocim.adapters.memory.browsers import Answer, MemoryBrowsers, Request, nothing
from ocim.core.pages import Hop
from ocim.ports.browsers import Browser
from tests.web_servers import web_server


def site(asked: Request) -> Answer:
    """Return a small site: the same for both kinds."""
    path = asked.url.rpartition("/")[2]
    if path == "moved":
        return Answer(302, location="/welcome", cookies={"seen": "yes"})
    if path == "welcome":
        return Answer(text=f"welcome {asked.cookies.get('seen', 'stranger')}")
    if path == "round":
        return Answer(302, location="/round")
    if path == "form":
        return Answer(cookies={"shop_csrftoken": "a token"})
    if path == "sent":
        return Answer(text=f"{asked.method} {dict(asked.form)} {asked.headers.get('X-CSRFToken')}")
    return Answer(404, '{"detail": "Not found."}')


def serve(handler: BaseHTTPRequestHandler) -> None:
    body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()
    cookies = SimpleCookie(handler.headers.get("Cookie"))
    answer = site(
        Request(
            handler.command,
            f"http://{handler.headers['Host']}{handler.path}",
            form=dict(parse_qsl(body)),
            headers=dict(handler.headers) | {"X-CSRFToken": handler.headers.get("X-CSRFToken")},
            cookies={name: morsel.value for name, morsel in cookies.items()},
        )
    )
    handler.send_response(answer.status or 200)
    for name, value in answer.cookies.items():
        handler.send_header("Set-Cookie", f'{name}="{value}"; Path=/')
    if answer.location:
        handler.send_header("Location", answer.location)
    handler.send_header("Content-Length", str(len(answer.text)))
    handler.end_headers()
    handler.wfile.write(answer.text.encode())


@dataclass
class World:
    browser: Browser
    url: Callable[[str], str]


@pytest.fixture(params=["memory", "http"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    def url(path: str) -> str:
        return f"http://campus.test:8443/{path}"

    if request.param == "memory":
        with MemoryBrowsers(site).open({"campus.test"}, "127.0.0.1:1") as browser:
            yield World(browser, url)
        return
    with (
        web_server(serve) as port,
        HttpBrowsers().open({"campus.test"}, f"127.0.0.1:{port}") as visitor,
    ):
        yield World(visitor, url)


def test_redirects_are_followed_and_told(world: World) -> None:
    page = world.browser.request("GET", world.url("moved"))

    assert (page.status, page.url) == (200, world.url("welcome"))
    assert page.hops == (Hop(world.url("moved"), 302),)
    assert page.passed(world.url("moved"))
    assert not page.passed(world.url("form"))


def test_cookies_are_kept(world: World) -> None:
    assert world.browser.request("GET", world.url("welcome")).text == "welcome stranger"
    assert world.browser.request("GET", world.url("moved")).text == "welcome yes"


def test_what_is_posted_carries_the_token_of_the_cookie(world: World) -> None:
    world.browser.request("GET", world.url("form"))
    page = world.browser.request("POST", world.url("sent"), form={"card": "4242"})
    assert "POST {'card': '4242'}" in page.text
    assert "a token" in page.text


def test_a_refusal_is_a_page_like_others(world: World) -> None:
    page = world.browser.request("GET", world.url("nowhere"))
    assert (page.status, page.data) == (404, {"detail": "Not found."})


def test_a_page_that_leads_to_itself_is_no_page(world: World) -> None:
    page = world.browser.request("GET", world.url("round"))
    assert page.status is None
    assert "redirects" in page.error


@pytest.mark.parametrize("browsers", [MemoryBrowsers(nothing), HttpBrowsers()])
def test_no_answer_is_a_page_with_a_reason(browsers: MemoryBrowsers | HttpBrowsers) -> None:
    with browsers.open({"campus.test"}, "127.0.0.1:1") as browser:
        page = browser.request("GET", "http://campus.test/")
    assert (page.status, page.data) == (None, None)
    assert "refused" in page.error
