"""Hosts that are compose projects: what is made for them, and what crashes leave."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path

import psutil
import pytest

from demo.engine import Engine
from ocim.adapters.authorities import TRUSTED
from ocim.adapters.docker_projects import ANCHOR_IMAGE, LocalEngine, Project
from ocim.adapters.providers.docker import anchor
from ocim.adapters.providers.docker.engine import ONE_OFF
from ocim.adapters.providers.docker.provider import DockerProvider
from ocim.core.errors import PermanentError, TransientError, ValidationError
from ocim.core.hosts import HostRequest
from tests.adapters.caddy_support import until
from tests.docker_engine import needs_docker
from tests.docker_hosts import docker_hosts, docker_provider, remains

pytestmark = [needs_docker, pytest.mark.xdist_group("docker")]

LONG = 60.0
SERVICES = f"""
services:
  lms:
    image: {ANCHOR_IMAGE}
    command: [/bin/sh, -c, "trap 'exit 7' TERM; sleep infinity & wait"]
    volumes: [kept:/kept]
volumes:
  kept:
"""
NAMES = {"campus.example.com": "127.0.0.1", "mail.example.com": "192.0.2.7"}
REQUEST = HostRequest(
    "one", flavor="memory=200M,cpus=0.5", names=NAMES, authorities="-----BEGIN CERTIFICATE-----\n"
)


@pytest.fixture
def provider(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DockerProvider]:
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    with docker_hosts(tmp_path, engine) as provider:
        yield provider


def start_service(provider: DockerProvider, request: HostRequest = REQUEST) -> Project:
    """Create a host, and start a service of its project with compose."""
    host = provider.create(request)
    provider.wait_until_reachable(host.name, timeout=LONG)
    project = Project.read(host.root)
    Path(host.root, "services.yml").write_text(SERVICES)
    Path(host.root, "override.yml").write_text(project.override(["lms"], {}))
    compose(provider, project, "up", "--detach")
    return project


def compose(provider: DockerProvider, project: Project, *argv: str) -> str:
    """Run compose on the host."""
    command = project.compose(["services.yml", "override.yml"], *argv)
    done = provider.run("one", command, timeout=LONG)
    assert done.status == 0, done.errors
    return done.output


def inspect(engine: Engine, container: str) -> dict[str, dict[str, object]]:
    """Return what the engine knows of a container."""
    facts: list[dict[str, dict[str, object]]] = json.loads(engine.docker("inspect", container))
    return facts[0]


def running(line: str) -> list[int]:
    """Return the ids of this machine's processes with that command line, in containers too."""
    items = psutil.process_iter(["cmdline"])
    return [item.pid for item in items if " ".join(item.info["cmdline"] or ()) == line]


@pytest.fixture(scope="class")
def project(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Yield the project of a host with a service, which all tests of the class look at."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in engine.environment.items():
            patch.setenv(name, value)
        with docker_hosts(tmp_path_factory.mktemp("docker"), engine) as provider:
            yield start_service(provider)


class TestProject:
    """A host with a service that compose started."""

    def test_each_container_has_the_flavors_limits(self, project: Project, engine: Engine) -> None:
        limits = inspect(engine, f"{project.name}-lms-1")["HostConfig"]

        assert (limits["Memory"], limits["NanoCpus"]) == (200 * 2**20, 5 * 10**8)

    def test_containers_know_the_fleets_names(self, project: Project, engine: Engine) -> None:
        show = "while read line; do echo $line; done </etc/hosts"
        known = engine.docker("exec", f"{project.name}-lms-1", "sh", "-c", show)

        assert f"{project.gateway} campus.example.com" in known
        assert "192.0.2.7 mail.example.com" in known

    def test_containers_trust_the_fleets_authorities(
        self, project: Project, engine: Engine
    ) -> None:
        show = f'while read line; do last=$line; done <{TRUSTED}; echo "$last $SSL_CERT_FILE"'
        trusted = engine.docker("exec", f"{project.name}-lms-1", "sh", "-c", show)

        assert trusted == f"-----BEGIN CERTIFICATE----- {TRUSTED}\n"

    def test_services_have_time_to_end(self, project: Project, engine: Engine) -> None:
        assert inspect(engine, f"{project.name}-lms-1")["Config"]["StopTimeout"] == 60

    def test_the_logs_of_a_container_are_limited(self, project: Project, engine: Engine) -> None:
        kept = inspect(engine, f"{project.name}-lms-1")["HostConfig"]["LogConfig"]

        assert kept == {"Type": "json-file", "Config": {"max-size": "50m", "max-file": "3"}}

    def test_what_a_session_has_started_in_a_container_ends_with_it(
        self, project: Project, engine: Engine
    ) -> None:
        provider = docker_provider(Path(project.root).parents[1], engine)
        hung = 'docker exec -i --env OCIM_SESSION "$COMPOSE_PROJECT_NAME-lms-1" sleep 6789'
        session = provider.open_session("one", ["sh", "-c", hung])
        until(lambda: bool(running("sleep 6789")), "The command does not begin.")

        session.close()

        assert running("sleep 6789") == []

    def test_the_data_belongs_to_the_user_of_the_images(self, project: Project) -> None:
        assert {path.stat().st_uid for path in Path(project.root, "data").iterdir()} == {1000}

    def test_only_this_user_reads_the_project(self, project: Project) -> None:
        assert Path(project.root).stat().st_mode & 0o077 == 0


def test_a_destroyed_hosts_containers_networks_and_volumes_are_gone(
    provider: DockerProvider, engine: Engine, tmp_path: Path
) -> None:
    project = start_service(provider)
    label = f"com.docker.compose.project={project.name}"
    engine.docker("network", "create", "--label", label, f"{project.name}_more")

    provider.destroy("one")

    assert remains(provider, tmp_path, engine) == []


def test_uploads_that_a_link_leads_to_outlive_the_host(
    provider: DockerProvider, tmp_path: Path
) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    (uploads / "essay.pdf").touch()
    provider.create(HostRequest("one"))
    host = provider.wait_until_reachable("one", timeout=LONG)
    for link in ("uploads", "data/openedx-media/link"):
        Path(host.root, link).symlink_to(uploads)

    anchor.empty(provider.engine, Path(host.root), labels={})
    Path(host.root, "uploads").symlink_to(uploads)
    provider.destroy("one")

    assert [path.name for path in uploads.iterdir()] == ["essay.pdf"]


def test_what_a_lost_host_had_is_found_and_cleared(
    provider: DockerProvider, engine: Engine, tmp_path: Path
) -> None:
    project = start_service(provider)
    provider.run("one", ["rm", "-rf", project.root], timeout=LONG)

    left = provider.leftovers()
    assert {leftover.what for leftover in left} >= {"containers", "volumes", "a network"}
    provider.clear(left[0])

    assert remains(provider, tmp_path, engine) == []


def test_a_stopped_hosts_services_end_and_its_jobs_are_gone(
    provider: DockerProvider, engine: Engine
) -> None:
    project = start_service(provider)
    name = f"{project.name}-job-1"
    compose(provider, project, "run", "--detach", "--no-deps", "--name", name, "lms")

    provider.stop("one")

    assert engine.docker("ps", "--quiet", "--filter", f"name={project.name}") == ""
    assert engine.docker("ps", "--all", "--quiet", "--filter", f"label={ONE_OFF}") == ""
    assert inspect(engine, f"{project.name}-lms-1")["State"]["ExitCode"] == 7


def test_a_reboot_starts_the_services_again(provider: DockerProvider, engine: Engine) -> None:
    project = start_service(provider)
    uploads = Path(project.root, "data/openedx-media")  # a link, once there are any
    uploads.rmdir()
    uploads.symlink_to("/nowhere/in/the/container")
    provider.stop("one")

    provider.reboot("one")

    provider.wait_until_reachable("one", timeout=LONG)
    assert inspect(engine, f"{project.name}-lms-1")["State"]["Running"] is True


def test_a_command_of_a_destroyed_host_ends(provider: DockerProvider) -> None:
    provider.create(HostRequest("one"))
    with subprocess.Popen(provider.command("one", ["sleep", "600"])) as command:
        provider.destroy("one")

        assert command.wait(LONG) == -signal.SIGKILL


def test_two_installations_may_share_an_engine(
    provider: DockerProvider, engine: Engine, tmp_path: Path
) -> None:
    with docker_hosts(tmp_path / "other", engine) as other:
        mine, theirs = provider.create(HostRequest("one")), other.create(HostRequest("one"))
        other.destroy("one")

        assert provider.leftovers() == []
        assert provider.wait_until_reachable("one", timeout=LONG) == mine
    names = [host.connection.environment["COMPOSE_PROJECT_NAME"] for host in (mine, theirs)]
    assert names[0] != names[1]


def test_a_network_that_somebody_has_already_is_not_taken(engine: Engine, tmp_path: Path) -> None:
    network = IPv4Network("10.231.255.0/26")
    with docker_hosts(tmp_path, engine) as hosts:
        small = DockerProvider(tmp_path, engine=LocalEngine(engine.address), network=network)
        engine.docker("network", "create", "--subnet", "10.231.255.32/27", "foreign")
        small.create(HostRequest("one"))

        with pytest.raises(PermanentError, match="larger OCIM_DOCKER_NETWORK"):
            small.create(HostRequest("two"))

        engine.docker("network", "rm", "foreign")
        small.create(HostRequest("two"))
        assert {Project.read(tmp_path / "hosts" / name).subnet for name in hosts.list()} == set(
            map(str, network.subnets(new_prefix=27))
        )


def test_hosts_that_are_created_at_once_have_networks_of_their_own(
    provider: DockerProvider, tmp_path: Path
) -> None:
    names = [f"host-{number}" for number in range(4)]
    with ThreadPoolExecutor() as pool:
        hosts = list(pool.map(lambda name: provider.create(HostRequest(name)), names))

    assert len({host.address for host in hosts}) == len(names)
    assert len({Project.read(host.root).subnet for host in hosts}) == len(names)


CREATE = """\
import sys
from pathlib import Path
from ocim.adapters.docker_projects import LocalEngine
from ocim.adapters.providers.docker.provider import DockerProvider
from ocim.core.hosts import HostRequest
DockerProvider(Path(sys.argv[1]), engine=LocalEngine(sys.argv[2])).create(HostRequest("one"))
"""
DEADLY = """\
#!/bin/sh
[ "$1" != "{command}" ] || kill -KILL $PPID
exec {docker} "$@"
"""


LOST = """\
#!/bin/sh
[ "$1" != "{command}" ] || [ -e "$0-lost" ] || {{
    touch "$0-lost"; {docker} "$@"; echo "error during connect: EOF" >&2; exit 1; }}
exec {docker} "$@"
"""


@pytest.mark.parametrize("command", ["network", "run"])
def test_a_creation_goes_on_after_the_death_of_the_engine(
    provider: DockerProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The engine makes what it is asked for, and dies before it can say so."""
    (tmp_path / "bin").mkdir()
    docker = subprocess.check_output(["which", "docker"], text=True).strip()
    lost = tmp_path / "bin/docker"
    lost.write_text(LOST.format(command=command, docker=docker))
    lost.chmod(0o755)
    monkeypatch.setenv("PATH", f"{lost.parent}:{os.environ['PATH']}")

    provider.create(HostRequest("one"))

    assert provider.wait_until_reachable("one", timeout=LONG).name == "one"
    assert provider.leftovers() == []


@pytest.mark.parametrize("command", ["network", "run"])
def test_a_killed_creation_doubles_nothing(
    provider: DockerProvider, engine: Engine, tmp_path: Path, command: str
) -> None:
    """The manager dies when it asks for something, and the engine makes that nevertheless."""
    bin_directory = tmp_path / "bin"
    bin_directory.mkdir()
    docker = subprocess.check_output(["which", "docker"], text=True).strip()
    (bin_directory / "docker").write_text(DEADLY.format(command=command, docker=docker))
    (bin_directory / "docker").chmod(0o755)
    path = f"{bin_directory}:{os.environ['PATH']}"
    died = subprocess.run(
        [sys.executable, "-c", CREATE, tmp_path, engine.address],
        env={**os.environ, "PATH": path}, check=False,
    )  # fmt: skip

    assert died.returncode == -signal.SIGKILL
    assert provider.find("one") is None
    assert provider.list() == ["one"]
    provider.create(HostRequest("one"))
    provider.wait_until_reachable("one", timeout=LONG)
    assert len(provider.engine.resources("container")["one"]) == 1
    assert len(provider.engine.resources("network")["one"]) == 1


def test_files_of_users_whom_only_the_engine_may_be_are_removed(
    provider: DockerProvider, tmp_path: Path
) -> None:
    provider.create(HostRequest("one"))
    host = provider.wait_until_reachable("one", timeout=LONG)
    Path(host.root, "data/lms/.hidden").touch()

    anchor.empty(provider.engine, Path(host.root), labels={})

    assert list(Path(host.root).iterdir()) == []


def test_an_engine_that_does_not_answer_is_named(tmp_path: Path) -> None:
    provider = DockerProvider(
        tmp_path, engine=LocalEngine(f"unix://{tmp_path}/none.sock"), patience=0
    )

    with pytest.raises(TransientError, match=r"none\.sock does not answer.*OCIM_DOCKER_ENGINE"):
        provider.create(HostRequest("one"))
    isolation = provider.isolation()
    assert (isolation.kind, isolation.detail.endswith(".")) == ("none", True)


def test_an_engine_of_root_is_no_border(provider: DockerProvider) -> None:
    isolation = provider.isolation()

    assert not isolation.is_sandbox
    assert "is root on this machine" in isolation.detail
    assert "rootless" in isolation.remedy


def test_no_host_is_made_on_an_engine_of_root_where_a_sandbox_is_required(
    engine: Engine, tmp_path: Path
) -> None:
    provider = DockerProvider(tmp_path, engine=LocalEngine(engine.address), needs_border=True)

    with pytest.raises(PermanentError, match=r"OCIM_REQUIRE_SANDBOX is set.*is root on this"):
        provider.create(HostRequest("one"))

    assert provider.list() == []


def test_a_name_that_no_project_can_have_is_refused(provider: DockerProvider) -> None:
    with pytest.raises(ValidationError, match="'One' cannot be the name of a docker host"):
        provider.create(HostRequest("One"))
