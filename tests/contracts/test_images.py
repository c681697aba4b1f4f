"""The contract of the images of every provider that has any."""

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from ocim.adapters.memory.lent_machines import MemoryMachines
from ocim.adapters.memory.providers import MemoryProvider
from ocim.adapters.providers.ssh.provider import SshProvider
from ocim.core.errors import Cancelled, TransientError
from ocim.core.hosts import Host, HostRequest
from ocim.ports.images import Images
from ocim.ports.providers import Provider
from tests.local_hosts import local_hosts
from tests.nspawn_hosts import needs_nspawn, nspawn_hosts

INPUTS = {"release": "juniper", "services": "lms"}


@dataclass
class Kind:
    """A provider that makes images, and one image that it has made."""

    provider: Provider
    images: Images
    image: str = "00built00"

    def ensure(self, name: str, build: Callable[[Host], None]) -> bool:
        return self.images.ensure(name, INPUTS, build, is_cancelled=lambda: False)

    def sh(self, host: Host, command: str) -> str:
        argv = self.provider.command(host.name, ["sh", "-c", command])
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def set_up(self, host: Host) -> None:
        if self.provider.kind != "memory":  # whose hosts have no files
            place = f"{host.root}/edx/app/edxapp"
            self.sh(host, f"mkdir -p {place} && echo built >{place}/code")

    def what_was_built(self, host: Host) -> str:
        if self.provider.kind == "memory":
            return "built"
        return self.sh(host, f"cat {host.root}/edx/app/edxapp/code").strip()


@pytest.fixture(
    scope="module", params=["memory", "local", pytest.param("nspawn", marks=needs_nspawn)]
)
def kind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kind]:
    directory = tmp_path_factory.mktemp("images")
    match request.param:
        case "memory":
            yield made(MemoryProvider())
        case "local":
            with local_hosts(directory) as local:
                yield made(local)
        case "nspawn":
            with nspawn_hosts(directory) as nspawn:
                yield made(nspawn)


def made(provider: Provider) -> Kind:
    assert provider.images
    kind = Kind(provider, provider.images)
    assert kind.ensure(kind.image, kind.set_up)
    return kind


def fail(host: Host) -> None:
    raise LookupError(f"no package for {host.name}")


def test_the_base_is_the_same_each_time(kind: Kind) -> None:
    assert kind.images.base() == kind.images.base() != ""


def test_an_image_is_listed_with_what_it_was_made_of(kind: Kind) -> None:
    [image] = kind.images.list()
    assert (image.name, image.inputs, image.hosts) == (kind.image, INPUTS, ())
    assert image.built.tzinfo


def test_nothing_is_left_of_the_host_that_it_was_made_of(kind: Kind) -> None:
    assert kind.provider.list() == []


def test_an_image_that_is_there_is_not_built_again(kind: Kind) -> None:
    assert not kind.ensure(kind.image, fail)


def test_a_host_that_is_made_from_an_image_has_what_was_built_and_keeps_it(kind: Kind) -> None:
    kind.provider.create(HostRequest("one", image=kind.image))
    try:
        host = kind.provider.wait_until_reachable("one", timeout=60)
        assert host.image == kind.image
        assert kind.what_was_built(host) == "built"
        assert kind.provider.find("one") == host
        [image] = kind.images.list()
        assert image.hosts == ("one",)
        assert not kind.images.remove(kind.image)
        kind.provider.stop("one")
        kind.provider.reboot("one")
        assert kind.what_was_built(kind.provider.wait_until_reachable("one", timeout=60)) == "built"
    finally:
        kind.provider.destroy("one")


def test_a_build_that_fails_leaves_neither_image_nor_host(kind: Kind) -> None:
    with pytest.raises(LookupError):
        kind.ensure("broken", fail)
    assert [image.name for image in kind.images.list()] == [kind.image]
    assert kind.provider.list() == []


def test_of_those_that_want_it_at_once_one_builds_and_others_can_stop_waiting(kind: Kind) -> None:
    building, may_end = Event(), Event()
    listed: list[str] = []

    def build(_: Host) -> None:
        listed.extend(kind.provider.list())
        building.set()
        assert may_end.wait(60)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(kind.ensure, "wanted", build)
        assert building.wait(60)
        second = pool.submit(kind.ensure, "wanted", fail)
        with pytest.raises(Cancelled):
            kind.images.ensure("wanted", INPUTS, fail, is_cancelled=lambda: True)
        may_end.set()
        assert (first.result(), second.result()) == (True, False)
    assert listed == [], "the host that it is made of is nobody's to take away"
    assert kind.images.remove("wanted")
    assert not kind.images.remove("wanted")


def test_no_host_is_made_from_an_image_that_is_gone(kind: Kind) -> None:
    with pytest.raises(TransientError, match="gone"):
        kind.provider.create(HostRequest("two", image="gone"))
    kind.provider.destroy("two")


def test_machines_that_there_are_already_are_made_from_no_image(tmp_path: Path) -> None:
    assert SshProvider(tmp_path, pool=tmp_path / "pool.yml", lent=MemoryMachines()).images is None
