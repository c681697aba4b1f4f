"""A manager that is killed at a bad moment: what it leaves is found, and taken away."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocim.adapters.providers import processes
from ocim.adapters.providers.nspawn.provider import NspawnProvider
from ocim.core.hosts import HostRequest, Leftover
from tests.console.processes import manage, migrate
from tests.nspawn_hosts import BASES, leftovers, needs_nspawn, nspawn_hosts

ROOT = Path(__file__).parents[2]
pytestmark = needs_nspawn

# Python tells of a process, a rename or a removal before it happens: there the manager dies.
DYING = """
import os, signal, sys
from pathlib import Path
from ocim.core.hosts import HostRequest
from tests.nspawn_hosts import nspawn_provider

state, action, event, text = sys.argv[1:]
provider = nspawn_provider(Path(state))

def die(happening, arguments):
    words = arguments[1] if happening == "subprocess.Popen" else arguments
    if happening == event and text in " ".join(map(str, words)):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die)
if action == "create":
    provider.create(HostRequest("one"))
else:
    getattr(provider, action)("one")
"""


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[NspawnProvider]:
    with nspawn_hosts(tmp_path) as provider:
        yield provider


def die(state: Path, action: str, event: str, text: str) -> None:
    """Do it in a process that is killed when it comes to that."""
    words = [sys.executable, "-c", DYING, str(state), action, event, text]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr


def clear(provider: NspawnProvider) -> None:
    """Remove all leftovers, as `ocim doctor --fix` does if no app server needs anything."""
    for name in provider.list():
        provider.destroy(name)
    for leftover in provider.leftovers():
        provider.clear(leftover)


@pytest.mark.parametrize(
    "action, event, text",
    [
        ("create", "subprocess.Popen", "mount -t overlay"),
        ("create", "subprocess.Popen", "chroot"),
        ("create", "subprocess.Popen", "ip address add"),
        ("create", "subprocess.Popen", "systemd-nspawn"),
        ("create", "os.rename", "host.json"),
        ("destroy", "subprocess.Popen", "umount"),
        ("destroy", "subprocess.Popen", "nft"),
        ("destroy", "subprocess.Popen", "ip link delete"),
        ("destroy", "shutil.rmtree", "one"),
        ("stop", "subprocess.Popen", "umount"),
    ],
)
def test_what_a_killed_manager_leaves_is_taken_away(
    provider: NspawnProvider, tmp_path: Path, action: str, event: str, text: str
) -> None:
    if action != "create":
        provider.create(HostRequest("one"))
    die(tmp_path, action, event, text)
    assert leftovers(provider, tmp_path) != []

    clear(provider)

    assert leftovers(provider, tmp_path) == []
    assert list(provider.leftovers()) == []


def test_a_bridge_without_containers_is_taken_away(
    provider: NspawnProvider, tmp_path: Path
) -> None:
    provider.create(HostRequest("one"))
    processes.kill(tmp_path / "hosts/one")
    subprocess.run(["umount", tmp_path / "hosts/one/root"], check=True)
    shutil.rmtree(tmp_path)  # as who cleans up by hand
    assert provider.leftovers() == [Leftover(f"the bridge {provider.bridge.name}")]

    clear(provider)

    assert leftovers(provider, tmp_path) == []


def test_an_image_that_was_not_built_to_its_end_is_taken_away(tmp_path: Path) -> None:
    images = tmp_path / "images"
    provider = NspawnProvider(tmp_path, bases=images)
    unfinished = images / ".building"
    (unfinished / "proc").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", unfinished / "proc"], check=True)
    bootstrap = ["sh", "-c", "echo; exec sleep 1000"]
    environment = {processes.MARK: str(unfinished)}
    with subprocess.Popen(bootstrap, env=environment, stdout=subprocess.PIPE) as builder:
        assert builder.stdout
        builder.stdout.readline()
        assert [leftover.host for leftover in provider.leftovers()] == [""]

        clear(provider)

        assert builder.wait() == -signal.SIGKILL
    assert not unfinished.exists()
    assert list(provider.leftovers()) == []


def test_the_doctor_takes_away_what_the_database_knows_nothing_of(tmp_path: Path) -> None:
    state = tmp_path / "nspawn"
    state.mkdir(mode=0o700)
    (state / "bases").symlink_to(BASES)
    with nspawn_hosts(state) as provider:
        migrate(tmp_path)
        provider.create(HostRequest("lost"))
        processes.kill(state / "hosts/lost")
        subprocess.run(["umount", state / "hosts/lost/root"], check=True)
        shutil.rmtree(state / "hosts/lost")
        die(state, "create", "os.rename", "host.json")

        output = manage(tmp_path, "doctor", "--fix").stdout

        assert "repaired: hosts: nspawn host one\n" in output
        assert "repaired: hosts: nspawn host lost, which is gone\n" in output
        assert leftovers(provider, state) == []
