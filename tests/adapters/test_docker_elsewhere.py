"""Hosts on the engine of another machine: files that are sent there, and what is left."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from demo.engine import Engine
from ocim.adapters.docker_projects import ANCHOR_IMAGE, Project, send
from ocim.adapters.providers import claims
from ocim.adapters.providers.docker.elsewhere import PORTS, claim_port
from ocim.adapters.providers.docker.provider import DockerProvider
from ocim.adapters.providers.docker.remote import RemoteEngine
from ocim.adapters.provisioners.tutor import elsewhere
from ocim.adapters.provisioners.tutor.rendering import JOBS, SERVING, Rendered
from ocim.core.hosts import ANSWERED, HostRequest
from tests.adapters.caddy_support import until
from tests.docker_engine import needs_docker
from tests.docker_hosts import docker_hosts
from tests.remote_engine import MACHINE, remote_engine
from tests.ssh_server import needs_sshd

LONG = 60.0
AUTHORITY = "-----BEGIN CERTIFICATE-----\n"
SERVICES = {
    "lms": {"image": ANCHOR_IMAGE, "volumes": ["../../data/openedx-media:/media", "../a:/a:ro"]},
    "discovery": {"image": ANCHOR_IMAGE, "volumes": ["../../data/discovery/media:/media"]},
}
REAL = [needs_docker, *needs_sshd, pytest.mark.xdist_group("docker")]


@pytest.fixture(scope="class")
def provider(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DockerProvider]:
    """Yield a provider with a host `one`."""
    engine: Engine = request.getfixturevalue("engine")
    directory = tmp_path_factory.mktemp("elsewhere")
    with (
        pytest.MonkeyPatch.context() as patch,
        remote_engine(directory / "box", engine) as at,
        docker_hosts(directory, engine, at=at) as provider,
    ):
        patch.setenv("DOCKER_CONFIG", engine.environment["DOCKER_CONFIG"])
        provider.create(HostRequest("one", authorities=AUTHORITY))
        provider.wait_until_reachable("one", timeout=LONG)
        yield provider


def rendered(root: Path, text: str) -> Rendered:
    """Return files of two services, as if Tutor had rendered them."""
    local = root / "env/local"
    local.mkdir(parents=True, exist_ok=True)
    for name in (*SERVING, JOBS):
        (local / name).write_text(yaml.safe_dump({"services": {}}))
    (local / SERVING[0]).write_text(yaml.safe_dump({"services": SERVICES}))
    (root / "env/a").write_text(text)
    return Rendered(root, "digest", ())


class TestHost:
    pytestmark = REAL

    def test_its_files_are_sent_and_its_uploads_are_outside_of_them(
        self, provider: DockerProvider, tmp_path: Path
    ) -> None:
        host = provider.create(HostRequest("one"))
        project, environment = Project.read(host.root), dict(host.connection.environment)
        root, uploads = Path(project.engine_root), tmp_path / "uploads/of it"
        links = {"openedx-media": uploads / "media", "discovery/media": uploads / "discovery"}

        for text in ("first", "second"):
            elsewhere.place(rendered(Path(host.root), text), links, project, environment)

        assert Path(project.authorities).read_text().endswith(AUTHORITY)
        assert root != Path(host.root)
        assert root.stat().st_mode & 0o777 == 0o700
        assert (root / "env/a").read_text() == "second"
        for name, target in links.items():
            assert (root / "data" / name).resolve() == target
            assert target.stat().st_uid == 1000

    def test_what_a_session_runs_in_a_container_ends_with_it(
        self, provider: DockerProvider
    ) -> None:
        anchor = Project.read(provider.create(HostRequest("one")).root).anchor
        script = f"echo {ANSWERED}0; while :; do sleep 0.1; done"
        argv = ["docker", "exec", "--env", "OCIM_SESSION", anchor, "sh", "-c", script]

        with closing(provider.open_session("one", argv)) as session:
            assert session.ask("", timeout=LONG).status == 0
            assert "while :" in provider.engine.run("top", anchor)

        until(lambda: "while :" not in provider.engine.run("top", anchor), "it runs on")

    def test_a_directory_whose_host_is_gone_is_found_and_removed(
        self, provider: DockerProvider
    ) -> None:
        root = Path(Project.read(provider.create(HostRequest("one")).root).engine_root)
        (root.parent / "two").mkdir()

        (leftover,) = provider.leftovers()
        provider.clear(leftover)

        assert (leftover.what, leftover.host) == ("a directory", "two")
        assert [path.name for path in root.parent.iterdir()] == ["one"]


def test_a_port_that_something_listens_at_is_left_out(tmp_path: Path) -> None:
    first = claim_port(tmp_path, "one", machine="127.0.0.1", installation="3fa9c1")
    claims.release(tmp_path, "one")
    port = int(first.removeprefix("127.0.0.1:"))
    with socket.create_server(("127.0.0.1", port)):
        second = claim_port(tmp_path, "one", machine="127.0.0.1", installation="3fa9c1")

    assert port in PORTS
    assert second != first


def test_hosts_and_installations_have_ports_of_their_own(tmp_path: Path) -> None:
    held = {
        claim_port(tmp_path, name, machine="127.0.0.1", installation=installation)
        for name in ("one", "two")
        for installation in ("3fa9c1", "77aa01")
    }

    assert len(held) == 4


@pytest.fixture
def engine_at(tmp_path: Path) -> RemoteEngine:
    key = tmp_path / "100% key"
    key.touch()
    machine = {"name": MACHINE, "address": "192.0.2.7", "port": 2222, "user": "ocim"}
    machine |= {"key_file": str(key), "host_key": "ssh-ed25519 AAAA"}
    pool = tmp_path / "pool.yml"
    pool.write_text(yaml.safe_dump({"hosts": [machine]}))
    return RemoteEngine(MACHINE, pool=pool, state=tmp_path / "state")


def test_the_docker_cli_finds_a_program_ssh_with_settings_of_the_pool_alone(
    engine_at: RemoteEngine, tmp_path: Path
) -> None:
    environment = engine_at.environment()
    ssh = Path(environment["PATH"].partition(":")[0], "ssh")

    told = subprocess.run([ssh, "-G", MACHINE], check=True, capture_output=True, text=True).stdout
    settings = dict(line.split(" ", 1) for line in told.splitlines() if " " in line)

    assert environment["DOCKER_HOST"] == f"ssh://{MACHINE}"
    assert (engine_at.machine, settings["hostname"]) == ("192.0.2.7", "192.0.2.7")
    assert (settings["port"], settings["user"]) == ("2222", "ocim")
    assert settings["stricthostkeychecking"] in ("true", "yes")
    known = tmp_path / "state/known-hosts" / MACHINE
    assert settings["userknownhostsfile"] == str(known)
    assert known.read_text() == "[192.0.2.7]:2222 ssh-ed25519 AAAA\n"


GOES_AWAY = """#!/bin/sh
[ "$1" = cp ] || exit 0
echo "$2" >>{said}
[ $(wc -l <{said}) -gt 1 ] || { echo no such directory >&2; exit 1; }
"""


def test_files_are_sent_again_when_the_engine_goes_away(tmp_path: Path) -> None:
    said, docker = tmp_path / "said", tmp_path / "docker"
    docker.write_text(GOES_AWAY.replace("{said}", str(said)))
    docker.chmod(0o755)

    send(Path("/a"), "one-anchor", environment={"PATH": f"{tmp_path}:/usr/bin:/bin"})

    assert said.read_text() == "/a\n/a\n"


def test_compose_takes_the_directories_of_containers_from_the_engines_machine() -> None:
    of_host = ("one-3fa9c1", "/var/ocim/one", "net", "10.231.0.0/27", "10.231.0.1")
    project = Project(*of_host, "192.0.2.7:20001", engine_root="/srv/one")

    command = project.compose(["a.yml"], "up")

    assert command[command.index("--project-directory") + 1] == "/srv/one/env/local"
