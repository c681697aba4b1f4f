"""The start and end of the balancer's two processes, and the files that they leave."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil
import pytest

from ocim.adapters.balancers.caddy import CaddyBalancer, Role, Settings, Tls
from ocim.core.errors import PermanentError, TransientError
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


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


@pytest.fixture
def running(settings: Settings) -> Iterator[Processes]:
    with processes(settings) as both:
        yield both


@pytest.fixture
def app_server() -> Iterator[AppServer]:
    with app_servers("one") as (item,):
        yield item


def has_authority(balancer: CaddyBalancer) -> bool:
    try:
        return bool(balancer.authority())
    except TransientError:
        return False


def routing(app_server: AppServer) -> Routing:
    return Routing((Site((NAME,), (app_server.upstream,)),))


@pytest.mark.parametrize("role", list(Role))
def test_what_was_killed_serves_the_same_once_it_is_started_again(
    role: Role, settings: Settings, running: Processes, app_server: AppServer
) -> None:
    balancer = CaddyBalancer(settings)
    balancer.apply(routing(app_server))
    authority = balancer.authority()
    running.stop(role)
    running.start(role)
    assert Browser(settings).get(NAME).json()["name"] == "one"
    assert balancer.is_applied(routing(app_server).digest)
    assert balancer.authority() == authority


def test_requests_wait_for_a_router_that_is_started_again(
    settings: Settings, running: Processes, app_server: AppServer
) -> None:
    CaddyBalancer(settings).apply(routing(app_server))
    Browser(settings).get(NAME)
    running.stop(Role.ROUTER)
    with Browser(settings).connect(NAME) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        running.start(Role.ROUTER)
        assert connection.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"


def test_a_second_one_does_not_start(settings: Settings, running: Processes) -> None:
    second = Processes(settings)
    second.spawn(Role.ROUTER)
    process = second.running[Role.ROUTER]
    assert process.wait(30) != 0
    assert "runs already" in running.router_log()
    assert CaddyBalancer(settings).is_applied(Routing(()).digest)


@pytest.mark.parametrize("role", list(Role))
def test_one_that_waits_takes_over_from_one_that_is_killed(
    role: Role, settings: Settings, running: Processes, app_server: AppServer
) -> None:
    CaddyBalancer(settings).apply(routing(app_server))
    second = Processes(settings, waits=True)
    second.spawn(role)
    try:
        running.stop(role)
        second.wait_for(role)
        assert Browser(settings).get(NAME).json()["name"] == "one"
    finally:
        second.stop()


def test_connections_wait_while_the_edge_is_started_again(
    tmp_path: Path, app_server: AppServer
) -> None:
    settings = settings_for(tmp_path)
    address, ports = settings.bind[0], {"https": settings.https_port, "http": settings.http_port}
    with contextlib.ExitStack() as held:
        sockets = {
            name: held.enter_context(socket.create_server((address, port)))
            for name, port in ports.items()
        }
        inherited = {name: [item.fileno()] for name, item in sockets.items()}
        both = Processes(settings, inherited=inherited)
        both.start()
        held.callback(both.stop)
        balancer = CaddyBalancer(settings)
        until(partial(has_authority, balancer), both.log(Role.EDGE))
        balancer.apply(routing(app_server))
        assert Browser(settings).get(NAME).json()["name"] == "one"
        assert Browser(settings).get_plain(NAME).status_code == 308
        both.stop(Role.EDGE)
        with ThreadPoolExecutor() as visitors:
            waiting = visitors.submit(Browser(settings).get, NAME)
            both.spawn(Role.EDGE)
            assert waiting.result().json()["name"] == "one"


def test_a_configuration_that_caddy_refuses_changes_nothing(
    settings: Settings, running: Processes, app_server: AppServer
) -> None:
    balancer = CaddyBalancer(settings)
    balancer.apply(routing(app_server))
    bad = Site(("other.localhost",), (), user="staff", password_hash="not a hash")
    with pytest.raises(PermanentError, match="base64"):
        balancer.apply(Routing((*routing(app_server).sites, bad)))
    running.stop(Role.ROUTER)
    running.start(Role.ROUTER)
    assert balancer.is_applied(routing(app_server).digest)
    assert Browser(settings).get(NAME).json()["name"] == "one"


def test_settings_that_changed_are_not_applied_yet(
    settings: Settings, running: Processes, tmp_path: Path
) -> None:
    CaddyBalancer(settings).apply(Routing(()))
    moved = settings_for(tmp_path, bind=settings.bind, https_port=9443)
    assert not CaddyBalancer(moved).is_applied(Routing(()).digest)


def test_its_error_says_how_to_start_it(settings: Settings) -> None:
    for call in (CaddyBalancer(settings).authority, lambda: CaddyBalancer(settings).is_applied("")):
        with pytest.raises(TransientError) as error:
            call()
        assert "ocim balancer run" in error.value.remedy
        assert error.value.retryable


def test_the_authority_is_a_certificate_that_signs(settings: Settings, running: Processes) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=CaddyBalancer(settings).authority())
    assert len(context.get_ca_certs()) == 1


def test_public_authorities_need_no_trust(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, tls=Tls(issuer="acme"))
    assert CaddyBalancer(settings).authority() == ""


def test_others_can_neither_read_nor_command_it(settings: Settings, running: Processes) -> None:
    assert settings.state.stat().st_mode & 0o077 == 0
    for name in ("admin.sock", "router-a.sock", "router.json", "edge.json", "cookie.key"):
        assert (settings.state / name).stat().st_mode & 0o077 == 0, name
    ports = {
        connection.laddr.port
        for process in running.running.values()
        for connection in psutil.Process(process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert ports == {settings.https_port, settings.http_port}


def test_it_does_not_get_the_managers_secrets(running: Processes) -> None:
    for process in running.running.values():
        assert "A_SECRET_OF_THE_MANAGER" not in psutil.Process(process.pid).environ()


def test_it_may_live_where_paths_are_long(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / ("a-long-name-" * 12))
    settings.state.parent.mkdir()
    with processes(settings):
        CaddyBalancer(settings).apply(Routing((Site((NAME,), ()),)))
        assert Browser(settings).get(NAME).status_code == 503


def test_it_ends_when_it_is_told_to(running: Processes) -> None:
    for role, process in list(running.running.items()):
        process.terminate()
        assert process.wait(30) == 0, running.log(role)


def test_the_access_log_can_be_off(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, access_log=False)
    with processes(settings):
        CaddyBalancer(settings).apply(Routing((Site((NAME,), ()),)))
        Browser(settings).get(NAME)
    assert not (settings.state / "log").exists()
