"""The contract of every provider."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from demo.engine import Engine
from ocim.adapters.docker_projects import EngineAddress
from ocim.adapters.memory.lent_machines import MemoryMachines
from ocim.adapters.memory.providers import Cloud, MemoryProvider
from ocim.adapters.providers import processes
from ocim.adapters.providers.local.provider import LocalProvider
from ocim.adapters.providers.ssh.provider import SshProvider
from ocim.core.errors import HostUnreachable, TransientError, ValidationError
from ocim.core.hosts import ANSWERED, HostRequest, Leftover, Ran
from ocim.ports.providers import Provider
from tests.docker_engine import needs_docker
from tests.docker_hosts import docker_hosts, docker_provider
from tests.local_hosts import local_hosts
from tests.machine_pool import MachinePool, machine_pool_of
from tests.nspawn_hosts import lose_container, needs_nspawn, nspawn_hosts, nspawn_provider
from tests.remote_engine import needs_elsewhere, remote_engine

SOON = 0.05
LONG = 30.0
ANSWERS = ["sh", "-c", f'while read -r line; do eval "$line"; echo "{ANSWERED}$?"; done']
"""A command that runs lines, and answers with their output."""


class Place(Protocol):
    """A place of a provider's hosts, which can harm them."""

    def provider(self) -> Provider:
        """Return a provider as it is after the manager was started again."""

    def keep_down(self, name: str) -> None:
        """Let a host that was created never come up."""

    def lose(self, name: str) -> None:
        """Let a host vanish behind the provider's back."""


class MemoryPlace:
    def __init__(self) -> None:
        self.cloud = Cloud()

    def provider(self) -> Provider:
        return MemoryProvider(self.cloud)

    def keep_down(self, name: str) -> None:
        self.cloud.up.discard(name)
        self.cloud.seconds_to_come_up[name] = float("inf")

    def lose(self, name: str) -> None:
        self.cloud.lose(name)
        self.cloud.leftovers.append(Leftover("an address", name))


class LocalPlace:
    def __init__(self, hosts_dir: Path) -> None:
        self.hosts_dir = hosts_dir

    def provider(self) -> Provider:
        return LocalProvider(self.hosts_dir, ports=())

    def keep_down(self, name: str) -> None:
        processes.kill(self.hosts_dir / name)

    def lose(self, name: str) -> None:
        shutil.rmtree(self.hosts_dir / name)


class NspawnPlace:
    def __init__(self, state: Path) -> None:
        self.state = state

    def provider(self) -> Provider:
        return nspawn_provider(self.state)

    def keep_down(self, name: str) -> None:
        processes.kill(self.state / "hosts" / name)

    def lose(self, name: str) -> None:
        lose_container(self.state, name)


class DockerPlace:
    def __init__(self, state: Path, engine: Engine, at: EngineAddress | None = None) -> None:
        self.state = state
        self.engine = engine
        self.at = at

    def provider(self) -> Provider:
        return docker_provider(self.state, self.engine, at=self.at)

    def keep_down(self, name: str) -> None:
        self.engine.docker("rm", "--force", *self._containers(name))

    def lose(self, name: str) -> None:
        shutil.rmtree(self.state / "hosts" / name)

    def _containers(self, name: str) -> list[str]:
        mine = ("--filter", f"label=ocim.host={name}")
        installation = docker_provider(self.state, self.engine, at=self.at).engine.installation
        ours = ("--filter", f"label=ocim.installation={installation}")
        return self.engine.docker("ps", "--all", "--quiet", *mine, *ours).split()


class SshPlace:
    """A pool of machines that are containers, which serve all tests one after the other."""

    def __init__(self, state: Path, pool: MachinePool) -> None:
        self.state = state
        self.pool = pool
        self.lent = MemoryMachines()

    def provider(self) -> Provider:
        return SshProvider(self.state, pool=self.pool.file, lent=self.lent)

    def keep_down(self, name: str) -> None:
        (machine,) = self.lent.of_host(name)
        self.pool.turn_off(machine.name)

    def lose(self, name: str) -> None:
        for machine in self.lent.of_host(name):
            self.lent.machines[machine.name] = replace(machine, description=None)


@pytest.fixture(scope="session")
def machine_pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MachinePool]:
    with machine_pool_of(tmp_path_factory.mktemp("pool"), count=2) as pool:
        yield pool


KINDS = [
    "memory",
    "local",
    pytest.param("nspawn", marks=needs_nspawn),
    pytest.param("ssh", marks=needs_nspawn),
    pytest.param("docker", marks=[needs_docker, pytest.mark.xdist_group("docker")]),
    pytest.param("docker-elsewhere", marks=[*needs_elsewhere, pytest.mark.xdist_group("docker")]),
]


@contextmanager
def place_of(request: pytest.FixtureRequest, directory: Path) -> Iterator[Place]:
    """Yield a place of the kind that the fixture's parameter names."""
    match request.param:
        case "memory":
            yield MemoryPlace()
        case "local":
            with local_hosts(directory):
                yield LocalPlace(directory)
        case "nspawn":
            with nspawn_hosts(directory):
                yield NspawnPlace(directory)
        case "docker":
            engine: Engine = request.getfixturevalue("engine")
            with docker_hosts(directory, engine):
                yield DockerPlace(directory, engine)
        case "docker-elsewhere":
            engine = request.getfixturevalue("engine")
            with (
                remote_engine(directory / "box", engine) as at,
                docker_hosts(directory, engine, at=at),
            ):
                yield DockerPlace(directory, engine, at)
        case "ssh":
            pool: MachinePool = request.getfixturevalue("machine_pool")
            yield SshPlace(directory, pool)
            pool.turn_on()


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with place_of(request, tmp_path) as place:
        yield place


@pytest.fixture
def provider(place: Place) -> Provider:
    return place.provider()


@pytest.fixture(scope="class", params=KINDS)
def place_with_host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Yield a place with a host `one`, which all tests of the class look at."""
    with place_of(request, tmp_path_factory.mktemp("place")) as place:
        place.provider().create(HostRequest("one"))
        yield place


class TestHost:
    """A host that was created once. Each test leaves it up, and no other host beside it."""

    @pytest.fixture
    def place(self, place_with_host: Place) -> Place:
        return place_with_host

    def test_a_host_that_was_asked_for_becomes_reachable(self, provider: Provider) -> None:
        host = provider.wait_until_reachable("one", timeout=LONG)

        assert (host.name, host.provider) == ("one", provider.kind)
        assert provider.find("one") == host

    def test_a_host_that_is_up_is_found_so_without_waiting(self, provider: Provider) -> None:
        host = provider.wait_until_reachable("one", timeout=LONG)

        assert provider.wait_until_reachable("one", timeout=0) == host

    def test_asking_twice_returns_the_same_host(self, provider: Provider) -> None:
        assert provider.create(HostRequest("one")) == provider.create(HostRequest("one"))
        assert provider.list() == ["one"]

    def test_a_host_is_found_after_a_restart_of_the_manager(
        self, place: Place, provider: Provider
    ) -> None:
        host = provider.create(HostRequest("one"))

        restarted = place.provider()

        assert restarted.find("one") == host
        assert restarted.list() == ["one"]
        assert restarted.wait_until_reachable("one", timeout=LONG) == host

    def test_what_is_a_hosts_again_is_not_taken_away(self, provider: Provider) -> None:
        provider.clear(Leftover("an address", "one"))

        assert provider.wait_until_reachable("one", timeout=LONG).name == "one"

    def test_a_command_runs_with_the_hosts_environment_and_its_own_exit_status(
        self, provider: Provider
    ) -> None:
        host = provider.create(HostRequest("one"))
        (variable, value), *_ = host.connection.environment.items()

        script = f'echo "${variable}"; exit 7'
        done = subprocess.run(
            provider.command("one", ["sh", "-c", script]),
            capture_output=True,
            text=True,
            check=False,
        )

        assert (done.stdout, done.returncode) == (f"{value}\n", 7)

    def test_what_is_run_is_given_its_input_and_says_how_it_ended(self, provider: Provider) -> None:
        provider.wait_until_reachable("one", timeout=LONG)

        script = "cat; echo wrong >&2; exit 7"
        done = provider.run("one", ["sh", "-c", script], stdin="a 'word'\n", timeout=LONG)

        assert done == Ran(7, "a 'word'\n", "wrong\n")

    def test_a_session_answers_line_after_line_with_output_and_status(
        self, provider: Provider
    ) -> None:
        provider.wait_until_reachable("one", timeout=LONG)

        with closing(provider.open_session("one", ANSWERS)) as session:
            first = session.ask("kept=word; echo wrong >&2; (exit 7)", timeout=LONG)
            second = session.ask("echo $kept", timeout=LONG)

        assert first == Ran(7, "", "wrong\n")
        assert second == Ran(0, "word\n")

    def test_an_answer_may_be_longer_than_a_pipe_holds(self, provider: Provider) -> None:
        provider.wait_until_reachable("one", timeout=LONG)
        long = "x" * 200_000

        with closing(provider.open_session("one", ANSWERS)) as session:
            answer = session.ask(f"echo {long}", timeout=LONG)

        assert answer == Ran(0, f"{long}\n")

    def test_a_session_whose_command_ends_says_how(self, provider: Provider) -> None:
        provider.wait_until_reachable("one", timeout=LONG)

        with closing(provider.open_session("one", ANSWERS)) as session:
            answer = session.ask("echo last; exit 3", timeout=LONG)

            assert answer == Ran(3, "last\n")
            assert not session.is_open

    def test_a_session_whose_command_is_killed_is_over(self, provider: Provider) -> None:
        provider.wait_until_reachable("one", timeout=LONG)

        with closing(provider.open_session("one", ANSWERS)) as session:
            with suppress(HostUnreachable):  # ssh says of a signal only that it was none of its own
                assert session.ask("kill -KILL $$", timeout=LONG).status != 0

            assert not session.is_open

    def test_an_answer_that_takes_too_long_ends_the_session(self, provider: Provider) -> None:
        provider.wait_until_reachable("one", timeout=LONG)

        with closing(provider.open_session("one", ANSWERS)) as session:
            with pytest.raises(TransientError, match=r"one did not answer in 0\.05 s"):
                session.ask("sleep 600", timeout=SOON)

            assert not session.is_open

    def test_a_stopped_host_is_found_and_not_reachable_until_it_is_rebooted(
        self, provider: Provider
    ) -> None:
        host = provider.wait_until_reachable("one", timeout=LONG)

        provider.stop("one")

        assert provider.find("one") == host
        assert list(provider.leftovers()) == []
        with pytest.raises(HostUnreachable, match="one did not come up within"):
            provider.wait_until_reachable("one", timeout=SOON)
        provider.stop("one")
        provider.reboot("one")
        assert provider.wait_until_reachable("one", timeout=LONG) == host

    def test_a_running_host_can_be_rebooted(self, provider: Provider) -> None:
        host = provider.wait_until_reachable("one", timeout=LONG)

        provider.reboot("one")

        assert provider.wait_until_reachable("one", timeout=LONG) == host

    def test_another_host_has_its_own_address_and_is_destroyed_alone(
        self, provider: Provider
    ) -> None:
        two = provider.create(HostRequest("two"))

        assert two.address != provider.create(HostRequest("one")).address
        assert sorted(provider.list()) == ["one", "two"]
        assert list(provider.leftovers()) == []
        provider.destroy("two")
        assert provider.find("two") is None
        assert provider.list() == ["one"]
        assert provider.wait_until_reachable("one", timeout=LONG).name == "one"

    def test_a_name_can_be_used_again(self, provider: Provider) -> None:
        provider.create(HostRequest("two"))
        provider.destroy("two")
        provider.destroy("two")  # which is not there

        provider.create(HostRequest("two"))

        assert provider.wait_until_reachable("two", timeout=LONG).name == "two"
        provider.destroy("two")

    def test_what_is_left_of_a_host_that_vanished_is_taken_away(
        self, place: Place, provider: Provider
    ) -> None:
        provider.create(HostRequest("two"))
        place.lose("two")

        left = provider.leftovers()
        assert {leftover.host for leftover in left} == {"two"}
        for leftover in left:
            provider.clear(leftover)

        assert list(provider.leftovers()) == []
        assert provider.wait_until_reachable("one", timeout=LONG).name == "one"


def test_it_says_how_hosts_are_kept_from_the_rest(provider: Provider) -> None:
    assert provider.isolation().detail.endswith(".")


def test_a_flavor_that_no_host_has_is_refused_with_its_name(provider: Provider) -> None:
    provider.check_flavor("")
    with pytest.raises(ValidationError, match=r"flavor: .*'huge'"):
        provider.check_flavor("huge")


def test_there_are_no_hosts_at_first(provider: Provider) -> None:
    assert list(provider.list()) == []
    assert provider.find("one") is None


def test_stopping_or_destroying_what_never_was_does_nothing(provider: Provider) -> None:
    provider.stop("one")
    provider.destroy("one")

    assert provider.list() == []


def test_a_host_that_never_comes_up_is_given_up_and_can_be_destroyed(
    place: Place, provider: Provider
) -> None:
    provider.create(HostRequest("one"))
    place.keep_down("one")

    with pytest.raises(HostUnreachable, match="one did not come up within"):
        provider.wait_until_reachable("one", timeout=SOON)

    assert provider.list() == ["one"]
    provider.destroy("one")
    assert list(provider.list()) == []


def test_a_host_that_vanished_is_not_waited_for_and_can_be_made_anew(
    place: Place, provider: Provider
) -> None:
    provider.create(HostRequest("one"))
    place.lose("one")

    with pytest.raises(HostUnreachable, match=r"no .*host one"):
        provider.wait_until_reachable("one", timeout=3600)
    assert provider.find("one") is None
    assert list(provider.list()) == []
    provider.stop("one")
    provider.destroy("one")
    provider.create(HostRequest("one"))
    assert provider.wait_until_reachable("one", timeout=LONG).name == "one"


def test_a_host_that_never_was_cannot_be_used(provider: Provider) -> None:
    with pytest.raises(HostUnreachable):
        provider.reboot("one")
    with pytest.raises(HostUnreachable):
        provider.wait_until_reachable("one", timeout=SOON)
    with pytest.raises(HostUnreachable):
        provider.command("one", ["true"])


def test_nothing_is_run_on_a_host_that_is_gone(provider: Provider) -> None:
    with pytest.raises(HostUnreachable):
        provider.run("one", ["true"], timeout=LONG)
    with pytest.raises(HostUnreachable):
        provider.open_session("one", ANSWERS)


def test_a_session_with_a_host_that_is_destroyed_is_over(provider: Provider) -> None:
    provider.create(HostRequest("one"))
    provider.wait_until_reachable("one", timeout=LONG)

    with closing(provider.open_session("one", ANSWERS)) as session:
        assert session.ask("echo here", timeout=LONG).output == "here\n"
        provider.destroy("one")
        with suppress(TransientError):
            assert session.ask("echo here", timeout=1.0).output == ""

        assert not session.is_open
