"""Containers as machines: they are kept apart, and leave nothing."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ocim.adapters.providers.nspawn.provider import NspawnProvider
from ocim.core.errors import PermanentError, ValidationError
from ocim.core.hosts import HostRequest
from tests.nspawn_hosts import leftovers, needs_nspawn, nspawn_hosts

pytestmark = needs_nspawn


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[NspawnProvider]:
    with nspawn_hosts(tmp_path) as provider:
        yield provider


def output_of(provider: NspawnProvider, name: str, script: str) -> str:
    provider.wait_until_reachable(name, timeout=60)
    argv = provider.command(name, ["sh", "-c", script])
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def test_what_is_on_it_is_kept_over_a_stop_which_leaves_only_its_directory_and_address(
    provider: NspawnProvider, tmp_path: Path
) -> None:
    host = provider.create(HostRequest("one"))
    output_of(provider, "one", "echo kept >/root/file")

    provider.stop("one")

    kept = [tmp_path / "hosts/one", tmp_path / "bridge/addresses" / host.address]
    assert leftovers(provider, tmp_path) == [str(path) for path in kept]
    provider.reboot("one")
    assert output_of(provider, "one", "cat /root/file") == "kept\n"


@dataclass
class Surroundings:
    """A container `one` that sees a directory and a port of this machine, but no other port."""

    provider: NspawnProvider
    shared: Path
    port: int


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    directory = tmp_path_factory.mktemp("surroundings")
    shared = directory / "shared"
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        published = [("127.0.0.1", server.server_port)]
        with nspawn_hosts(directory, shared=[shared], published=published) as provider:
            provider.create(HostRequest("one", names={"lms.localhost": "127.0.0.1"}))
            yield Surroundings(provider, shared, server.server_port)
        server.shutdown()


def test_a_services_user_gets_to_what_is_its_own_in_a_shared_directory(
    surroundings: Surroundings,
) -> None:
    own = surroundings.shared / "own"
    own.mkdir()
    script = f"chown nobody {own}; su -s /bin/sh nobody -c 'touch {own}/file'"
    output_of(surroundings.provider, "one", script)
    assert (own / "file").exists()


def test_what_sudo_runs_as_another_user_trusts_what_the_host_trusts(
    surroundings: Surroundings,
) -> None:
    script = "sudo -n -H -u nobody env | grep -c /etc/ssl/certs/ca-"
    assert output_of(surroundings.provider, "one", script) == "2\n"


def test_services_on_the_managers_loopback_are_reached_by_their_names(
    surroundings: Surroundings,
) -> None:
    url = f"http://lms.localhost:{surroundings.port}/"
    script = f"import urllib.request as u; print(u.urlopen('{url}').read())"
    assert output_of(surroundings.provider, "one", f'python3 -c "{script}"') == "b'here'\n"


def test_other_ports_of_the_managers_loopback_are_not_reached(surroundings: Surroundings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = (surroundings.provider.bridge.gateway, closed.getsockname()[1])
        script = f"import socket; print(socket.socket().connect_ex({address}) == 0)"
        assert output_of(surroundings.provider, "one", f'python3 -c "{script}"') == "False\n"


def test_a_limit_of_memory_is_the_kernels(provider: NspawnProvider, tmp_path: Path) -> None:
    try:
        provider.create(HostRequest("one", flavor="memory=256M"))
    except PermanentError as refusal:
        pytest.skip(f"nspawn: {refusal}")
    eat = "python3 -c 'b = bytearray(512 * 2**20)'; echo $?"
    assert output_of(provider, "one", eat).strip() != "0"


def test_a_flavor_is_refused_with_all_its_faults_before_anything_is_made(
    provider: NspawnProvider, tmp_path: Path
) -> None:
    with pytest.raises(ValidationError) as caught:
        provider.create(HostRequest("one", flavor="memory=lots,cpus=0,disk=1G"))

    assert len(caught.value.faults) == 3
    assert leftovers(provider, tmp_path) == []


def test_a_host_that_was_half_made_is_listed_and_taken_away(
    provider: NspawnProvider, tmp_path: Path
) -> None:
    provider.create(HostRequest("one"))
    (tmp_path / "hosts/one/host.json").unlink()  # as if the manager had died before the last step

    assert provider.find("one") is None
    assert provider.list() == ["one"]
    provider.destroy("one")

    assert leftovers(provider, tmp_path) == []


def test_a_host_that_was_half_made_is_made_anew(provider: NspawnProvider, tmp_path: Path) -> None:
    address = provider.create(HostRequest("one")).address
    (tmp_path / "hosts/one/host.json").unlink()

    provider.create(HostRequest("one"))

    assert output_of(provider, "one", "echo up") == "up\n"
    assert [path.name for path in (tmp_path / "bridge/addresses").iterdir()] == [address]


def test_a_name_that_is_none_leaves_nothing_once_destroyed(
    provider: NspawnProvider, tmp_path: Path
) -> None:
    with pytest.raises(ValidationError, match="two words"):
        provider.create(HostRequest("one", names={"two words": "127.0.0.1"}))

    provider.destroy("one")

    assert leftovers(provider, tmp_path) == []


def test_a_network_that_is_in_use_is_refused(surroundings: Surroundings, tmp_path: Path) -> None:
    used = surroundings.provider
    second = NspawnProvider(tmp_path, network=used.bridge.network, bases=used.bases)

    with pytest.raises(PermanentError, match="of this machine uses"):
        second.create(HostRequest("one"))

    second.destroy("one")


def test_only_the_key_on_file_is_trusted(
    provider: NspawnProvider, surroundings: Surroundings
) -> None:
    host, other = provider.create(HostRequest("one")), surroundings.provider.find("one")
    assert other
    provider.wait_until_reachable("one", timeout=60)
    surroundings.provider.wait_until_reachable("one", timeout=60)
    keys = Path(other.connection.known_hosts_file).read_text().replace(other.address, host.address)
    Path(host.connection.known_hosts_file).write_text(keys)

    done = subprocess.run(
        provider.command("one", ["true"]), capture_output=True, text=True, check=False
    )

    assert "Host key verification failed" in done.stderr


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"here")

    def log_message(self, *_: object) -> None:
        """Write no log."""
