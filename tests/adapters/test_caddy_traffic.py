"""The balancer, as visitors and app servers see it."""

import json
from collections.abc import Iterator

import bcrypt
import httpx
import pytest

from ocim.adapters.balancers.caddy import CaddyBalancer, Settings
from ocim.adapters.balancers.caddy.sites import COOKIE
from ocim.core.routing import Routing, Site
from tests.adapters.caddy_support import (
    AppServer,
    Browser,
    Processes,
    app_servers,
    processes,
    settings_for,
    until,
)

NAME = "demo.localhost"
PREVIEW = "preview.localhost"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with processes(settings_for(tmp_path_factory.mktemp("caddy"))) as both:
        yield both


@pytest.fixture
def settings(running: Processes) -> Settings:
    return running.settings


@pytest.fixture
def browser(settings: Settings) -> Browser:
    return Browser(settings)


@pytest.fixture
def one() -> Iterator[AppServer]:
    with app_servers("one") as (server,):
        yield server


@pytest.fixture
def two() -> Iterator[AppServer]:
    with app_servers("two") as (server,):
        yield server


def serve(settings: Settings, *sites: Site) -> None:
    CaddyBalancer(settings).apply(Routing(sites))


def pair(one: AppServer, two: AppServer) -> Site:
    return Site((NAME,), (one.upstream, two.upstream), health_path="/heartbeat")


def test_every_one_of_many_sites_is_found(settings: Settings, browser: Browser) -> None:
    names = [f"i{number}.localhost" for number in range(400)]
    serve(settings, *(Site((name, f"studio.{name}"), ()) for name in names))
    with browser.client() as client:
        answers = {
            browser.ask(client, names[0], headers={"Host": f"{prefix}{name}"}).status_code
            for name in names
            for prefix in ("", "studio.")
        }
        stranger = browser.ask(client, names[0], headers={"Host": "i400.localhost"})
    assert answers == {503}
    assert stranger.status_code == 404


def test_app_servers_hear_of_the_client_from_the_balancer_only(
    settings: Settings, browser: Browser, one: AppServer
) -> None:
    serve(settings, Site((NAME,), (one.upstream,)))
    claims = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "666",
        "Forwarded": "for=6.6.6.6",
        "X-Real-IP": "6.6.6.6",
    }
    headers = browser.get(NAME, headers=claims).json()["headers"]
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["X-Forwarded-Host"] == headers["Host"] == f"{NAME}:8443"
    assert not {"X-Forwarded-Port", "Forwarded", "X-Real-Ip"} & set(headers)


def test_answers_do_not_tell_what_serves_them(
    settings: Settings, browser: Browser, one: AppServer
) -> None:
    serve(settings, Site((NAME,), (one.upstream,)))
    assert not {"server", "via"} & set(browser.get(NAME).headers)


def test_a_preview_is_asked_for_by_the_name_that_the_service_knows(
    settings: Settings, browser: Browser, one: AppServer
) -> None:
    serve(settings, Site((PREVIEW,), (one.upstream,), host_header=NAME))
    headers = browser.get(PREVIEW).json()["headers"]
    assert headers["Host"] == NAME
    assert headers["X-Forwarded-Host"] == f"{PREVIEW}:8443"


def test_a_password_opens_the_preview_and_stays_with_the_balancer(
    settings: Settings, browser: Browser, one: AppServer
) -> None:
    password_hash = bcrypt.hashpw(b"open", bcrypt.gensalt(4)).decode()
    site = Site((PREVIEW,), (one.upstream,), user="staff", password_hash=password_hash)
    serve(settings, site)
    assert browser.get(PREVIEW, auth=("staff", "wrong")).status_code == 401
    assert browser.get(PREVIEW).headers["WWW-Authenticate"] == 'Basic realm="preview"'
    answer = browser.get(PREVIEW, auth=("staff", "open"))
    assert answer.status_code == 200
    assert "Authorization" not in answer.json()["headers"]


def test_credentials_for_the_service_itself_pass(
    settings: Settings, browser: Browser, one: AppServer
) -> None:
    serve(settings, Site((NAME,), (one.upstream,)))
    headers = browser.get(NAME, headers={"Authorization": "JWT abc"}).json()["headers"]
    assert headers["Authorization"] == "JWT abc"


def test_the_holding_page_asks_to_come_back(settings: Settings, browser: Browser) -> None:
    serve(settings, Site((NAME,), ()))
    answer = browser.get(NAME)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "width=device-width" in answer.text


def test_the_services_own_errors_pass_unchanged(
    settings: Settings, browser: Browser, one: AppServer
) -> None:
    one.healthy.clear()
    serve(settings, Site((NAME,), (one.upstream,), health_path="/heartbeat"))
    answer = browser.get(NAME, "/heartbeat")
    assert answer.status_code == 500
    assert answer.json() == {}


def test_a_visitor_stays_on_one_app_server(
    settings: Settings, browser: Browser, one: AppServer, two: AppServer
) -> None:
    serve(settings, pair(one, two))
    with browser.client() as client:
        first = browser.ask(client, NAME)
        cookie = first.headers["Set-Cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert {"Secure", "HttpOnly"} <= set(cookie.split("; "))
        serve(settings, pair(one, two), Site(("more.localhost",), ()))  # the secret is kept
        kept = {"Cookie": cookie.split(";")[0]}
        names = {browser.ask(client, NAME, headers=kept).json()["name"] for _ in range(10)}
    assert names == {first.json()["name"]}


def test_an_app_server_that_fails_its_check_gets_no_requests(
    settings: Settings, browser: Browser, one: AppServer, two: AppServer
) -> None:
    serve(settings, pair(one, two))
    two.healthy.clear()
    with browser.client() as client:

        def who_answers() -> set[str]:
            names = set()
            for _ in range(8):
                client.cookies.clear()
                names.add(browser.ask(client, NAME).json()["name"])
            return names

        until(lambda: who_answers() == {"one"}, "two stays in")
        two.healthy.set()
        until(lambda: "two" in who_answers(), "two stays out")
    assert two.checks[0]["Host"] == NAME
    assert two.checks[0]["X-Forwarded-Proto"] == "https"


def test_requests_go_elsewhere_where_an_app_server_refuses_connections(
    settings: Settings, browser: Browser, one: AppServer, two: AppServer
) -> None:
    serve(settings, Site((NAME,), (one.upstream, two.upstream)))
    two.stop()
    with browser.client() as client:
        answers = [browser.ask(client, NAME, method="POST", content=b"x") for _ in range(10)]
    two.start()
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["name"] for answer in answers} == {"one"}


def test_a_restart_of_the_only_app_server_is_not_seen(
    settings: Settings, browser: Browser, one: AppServer
) -> None:
    alone = Site((NAME,), (one.upstream,), health_path="/heartbeat")
    serve(settings, alone, Site(("other.localhost",), ()))
    one.stop()
    with browser.connect(NAME) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 0\r\n\r\n".encode())
        browser.get("other.localhost")  # by then the first request has found nobody
        one.start()
        assert connection.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"


def test_events_are_passed_on_as_they_come(
    settings: Settings, browser: Browser, one: AppServer
) -> None:
    serve(settings, Site((NAME,), (one.upstream,)))
    with browser.connect(NAME) as connection:
        connection.sendall(f"GET /events HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        stream = connection.makefile("rb")
        while b"data: first" not in stream.readline():
            pass
        one.may_finish.set()
        while b"data: second" not in stream.readline():
            pass


def test_web_sockets_pass_in_both_directions(
    settings: Settings, browser: Browser, one: AppServer
) -> None:
    serve(settings, Site((NAME,), (one.upstream,)))
    with browser.connect(NAME) as connection:
        connection.sendall(
            f"GET /echo HTTP/1.1\r\nHost: {NAME}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode()
        )
        stream = connection.makefile("rb")
        assert b" 101 " in stream.readline()
        while stream.readline().strip():
            pass
        for line in (b"hello\n", b"again\n"):
            connection.sendall(line)
            assert stream.readline() == line


def test_browsers_may_speak_http_2(settings: Settings, browser: Browser) -> None:
    serve(settings, Site((NAME,), ()))
    with browser.connect(NAME, alpn="h2") as connection:
        assert connection.selected_alpn_protocol() == "h2"


def test_plain_http_leads_to_the_https_port(settings: Settings, browser: Browser) -> None:
    serve(settings, Site((NAME,), ()))
    answer = browser.get_plain(NAME, "/courses?page=2")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://{NAME}:8443/courses?page=2"


def test_an_unknown_name_gets_a_clear_text_over_plain_http(
    settings: Settings, browser: Browser
) -> None:
    serve(settings, Site((NAME,), ()))
    answer = browser.get_plain("stranger.localhost")
    assert answer.status_code == 404
    assert "There is no site at this address" in answer.text


def test_an_unknown_name_gets_no_certificate(settings: Settings, browser: Browser) -> None:
    serve(settings, Site((NAME,), ()))
    with pytest.raises(httpx.ConnectError, match="alert"):
        browser.get("stranger.localhost")


def test_an_unknown_name_over_a_known_ones_connection_gets_a_clear_text(
    settings: Settings, browser: Browser
) -> None:
    serve(settings, Site((NAME,), ()))
    answer = browser.get(NAME, headers={"Host": "stranger.localhost"})
    assert answer.status_code == 404
    assert "There is no site at this address" in answer.text


def test_the_access_log_has_no_secrets(
    running: Processes, settings: Settings, browser: Browser, one: AppServer
) -> None:
    serve(settings, Site((NAME,), (one.upstream,)))
    browser.get(
        NAME,
        "/reset?token=hidden",
        headers={
            "Authorization": "Bearer hidden",
            "Cookie": "sessionid=hidden",
            "X-Edx-Api-Key": "hidden",
            "Referer": "https://demo.localhost/?token=hidden",
            "User-Agent": "tests",
        },
    )
    log = settings.state / "log" / "access.log"
    until(lambda: "/reset" in log.read_text(), "nothing is logged")
    line = next(line for line in log.read_text().splitlines() if "/reset" in line)
    assert "hidden" not in line
    entry = json.loads(line)
    assert entry["request"]["uri"] == "/reset?…"
    assert (entry["status"], entry["user_agent"]) == (200, "tests")
    assert log.stat().st_mode & 0o077 == 0


def test_the_operator_learns_why_there_was_no_answer_but_no_secrets(
    running: Processes, settings: Settings, browser: Browser, one: AppServer
) -> None:
    serve(settings, Site((NAME,), (one.upstream,)))
    answer = browser.get(
        NAME, "/break?token=hidden", method="POST", headers={"X-Edx-Api-Key": "hidden"}
    )
    assert answer.status_code == 502
    assert "We will be back" in answer.text
    until(lambda: "/break" in running.router_log(), "nothing is logged")
    assert "EOF" in running.router_log()
    assert "hidden" not in running.router_log()
