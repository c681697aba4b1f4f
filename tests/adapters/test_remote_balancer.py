"""The way to a balancer on another machine: who is let in, and what goes wrong on it."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives import serialization

from ocim.adapters.balancers.remote import messages, server
from ocim.adapters.balancers.remote.client import RemoteBalancer
from ocim.adapters.balancers.remote.tls import TlsFiles
from ocim.adapters.memory.balancers import MemoryBalancer
from ocim.core.errors import (
    Conflict,
    LostClaim,
    OcimError,
    PermanentError,
    TransientError,
    ValidationError,
)
from ocim.core.routing import Routing, Site
from tests.control_server import ControlServer, control_server_of, tls_files
from tests.web_servers import HOUR, Authority, answer, web_server

ROUTING = Routing((Site(("demo.localhost",), ("10.0.0.1:8000",), user="u", password_hash="h"),), 7)


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlServer]:
    with control_server_of(MemoryBalancer(), tmp_path_factory.mktemp("control")) as running:
        yield running


def place(control: ControlServer) -> tuple[str, int]:
    parts = urlsplit(control.url)
    return str(parts.hostname), int(parts.port or 0)


def test_a_client_without_a_certificate_is_refused(control: ControlServer) -> None:
    context = control.manager.for_client(with_certificate=False)
    with (
        httpx.Client(verify=context, trust_env=False) as client,
        pytest.raises(httpx.TransportError),
    ):
        client.get(f"{control.url}/authority")


def test_a_certificate_of_another_authority_is_refused(
    control: ControlServer, tmp_path: Path
) -> None:
    stranger = tls_files(Authority(), "stranger", tmp_path)
    files = replace(stranger, authority=control.manager.authority)
    with pytest.raises(TransientError, match="closed the connection"):
        control.balancer(files).authority()


def test_a_certificate_that_has_expired_is_refused(control: ControlServer, tmp_path: Path) -> None:
    old = tls_files(control.authority, "old", tmp_path, lasts=-HOUR)
    with pytest.raises(TransientError, match="closed the connection"):
        control.balancer(old).authority()


def test_plain_http_gets_no_answer(control: ControlServer) -> None:
    connection = http.client.HTTPConnection(*place(control), timeout=30)
    connection.request("GET", "/authority")
    with pytest.raises((http.client.HTTPException, ConnectionResetError)):
        connection.getresponse()
    connection.close()


def test_tls_before_1_3_gets_no_answer(control: ControlServer) -> None:
    context = control.manager.for_client()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(place(control)) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname=place(control)[0])


def test_a_balancer_of_another_authority_is_not_trusted(
    control: ControlServer, tmp_path: Path
) -> None:
    stranger = tls_files(Authority(), "stranger", tmp_path)
    files = replace(control.manager, authority=stranger.authority)
    for call in (control.balancer(files).authority, control.balancer(files).access):
        with pytest.raises(PermanentError, match=r"is not trusted: .*CERTIFICATE_VERIFY_FAILED"):
            call()


def test_a_balancer_of_another_name_is_not_trusted(control: ControlServer) -> None:
    context = control.manager.for_client()
    tls = control.authority.server_context("other.example", control.directory)
    with web_server(answer, tls=tls) as port:
        assert context.check_hostname
        balancer = RemoteBalancer(f"https://127.0.0.1:{port}", control.manager)
        with pytest.raises(PermanentError, match=r"is not trusted: .*127\.0\.0\.1"):
            balancer.authority()


def test_a_balancer_that_nothing_listens_for_says_how_to_start_it(control: ControlServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(TransientError, match="not running: no answer at https://") as error:
        RemoteBalancer(f"https://127.0.0.1:{port}", control.manager).apply(ROUTING)
    assert "ocim balancer run control" in error.value.remedy


def test_it_tells_which_certificates_are_on_the_way(control: ControlServer, tmp_path: Path) -> None:
    month = timedelta(days=30)
    files = tls_files(control.authority, "manager", tmp_path, lasts=month)
    access = control.balancer(files).access()
    (own, ends), (theirs, ends_there) = access.expiries
    assert (own, theirs) == ("the manager's certificate", "the balancer's certificate")
    assert abs(ends - datetime.now(UTC) - month) < HOUR
    assert abs(ends_there - datetime.now(UTC) - HOUR) < HOUR
    assert access.address == control.url
    assert not access.admits_strangers


def test_it_tells_that_strangers_are_let_in(control: ControlServer, tmp_path: Path) -> None:
    files = tls_files(control.authority, "127.0.0.1", tmp_path)
    lax = control.authority.server_context("127.0.0.1", tmp_path)
    with web_server(answer, tls=lax) as port:
        assert RemoteBalancer(f"https://127.0.0.1:{port}", files).access().admits_strangers


@pytest.mark.parametrize("name", ["authority", "certificate", "key"])
def test_a_file_that_is_missing_is_named(control: ControlServer, name: str) -> None:
    files = replace(control.manager, **{name: "/nowhere.pem"})
    with pytest.raises(ValidationError, match=rf"OCIM_BALANCER_{name.upper()}.*: cannot use '"):
        control.balancer(files).authority()


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(
    control: ControlServer, tmp_path: Path
) -> None:
    key = serialization.load_pem_private_key(Path(control.manager.key).read_bytes(), None)
    encrypted = tmp_path / "key.pem"
    encrypted.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(ValidationError, match="the key must not be encrypted"):
        control.balancer(replace(control.manager, key=str(encrypted))).authority()


def test_the_same_client_uses_a_certificate_that_was_renewed(
    control: ControlServer, tmp_path: Path
) -> None:
    files = tls_files(control.authority, "manager", tmp_path, lasts=-HOUR)
    balancer = control.balancer(files)
    with pytest.raises(TransientError):
        balancer.authority()
    tls_files(control.authority, "manager", tmp_path)
    assert balancer.authority() == ""


def test_two_managers_that_race_leave_the_newest_routing(tmp_path: Path) -> None:
    served = MemoryBalancer()
    with control_server_of(served, tmp_path) as control, ThreadPoolExecutor(8) as managers:
        versions = [3, 1, 4, 15, 9, 2, 6, 5] * 4

        def apply(version: int) -> int:
            site = Site((f"version-{version}.localhost",), ())
            try:
                control.balancer().apply(Routing((site,), version))
            except LostClaim:
                return 0
            return version

        applied = set(managers.map(apply, versions))
    assert served.routing.version == 15
    assert 15 in applied
    order = [routing.version for routing in served.history]
    assert order == sorted(order)


def test_what_was_sent_is_what_arrives() -> None:
    assert messages.read_routing(messages.write_routing(ROUTING)) == ROUTING


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"version": "1", "sites": []}',
        b'{"version": 1, "sites": [1]}',
        b'{"version": 1, "sites": [{"domains": ["a.example"]}]}',
        b'{"version": 1, "sites": [{"domains": "a.example", "upstreams": []}]}',
        b'{"version": 1, "sites": [{"domains": [], "upstreams": [], "user": 1}]}',
        b'{"version": 1, "sites": [{"domains": [], "upstreams": [], "colour": "red"}]}',
    ],
)
def test_what_is_no_routing_is_refused_with_a_remedy(body: bytes) -> None:
    with pytest.raises(ValidationError) as refused:
        messages.read_routing(body)
    assert "Upgrade Ocim on the balancer's machine first" in refused.value.remedy


@pytest.mark.parametrize(
    "error",
    [
        ValidationError(["one", "two"], remedy="do this"),
        LostClaim("older"),
        TransientError("away", remedy="wait"),
        PermanentError("no"),
        Conflict("unknown"),
    ],
)
def test_an_error_arrives_as_it_was_raised(error: OcimError) -> None:
    back = messages.read_error(*messages.write_error(error))
    assert (type(back), str(back)) == (type(error), str(error))


def test_an_answer_of_something_else_is_worth_another_try() -> None:
    assert isinstance(messages.read_error(500, b"Internal Server Error"), TransientError)
    assert isinstance(messages.read_error(422, b"[]"), TransientError)


def test_a_request_that_this_version_does_not_know_is_refused(control: ControlServer) -> None:
    with pytest.raises(Conflict, match="does not know GET /weather"):
        control.balancer()._ask("GET", "/weather")


def test_a_request_without_end_is_refused(
    control: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LARGEST", 10)
    with pytest.raises(ValidationError, match="more than 10 bytes"):
        control.balancer().apply(ROUTING)


def test_a_url_without_a_port_means_the_default() -> None:
    files = TlsFiles("", "", "")
    assert RemoteBalancer("https://balancer.example.com", files).url.endswith(".com:8444")
    assert RemoteBalancer("https://[fd00::1]:1", files).url == "https://[fd00::1]:1"
