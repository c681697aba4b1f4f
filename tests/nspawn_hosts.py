"""Containers for tests, and an independent look at what they leave behind."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path

import psutil
import pytest

from ocim.adapters.providers import processes
from ocim.adapters.providers.nspawn.base import ensure_base
from ocim.adapters.providers.nspawn.provider import NspawnProvider
from ocim.adapters.providers.nspawn.requirements import PROGRAMS
from ocim.adapters.providers.tools import missing_packages
from tests.leftovers import of_network, remember_network

BASES = Path(__file__).parents[1] / ".images"
"""Directory that outlives test runs, as the environment does; `make clean` removes it."""

PROBE = "mount -t tmpfs none /mnt; ip link add ocim-probe type bridge"


def why_not() -> str:
    """Return why containers cannot be tested here; empty if they can."""
    if os.geteuid() != 0:
        return "nspawn: not root"
    if packages := missing_packages(PROGRAMS):
        return f"nspawn: {', '.join(packages)} not installed"
    # Root of a container may be root without the right to mount, or to make a bridge.
    tried = subprocess.run(["unshare", "--mount", "--net", "sh", "-ec", PROBE], check=False)
    return "nspawn: this machine's root may not mount or make bridges" if tried.returncode else ""


needs_nspawn = pytest.mark.skipif(bool(why_not()), reason=why_not())


def nspawn_provider(
    state: Path, *, shared: Sequence[Path] = (), published: Sequence[tuple[str, int]] = ()
) -> NspawnProvider:
    """Return a provider with a network that differs between directories."""
    number = int.from_bytes(hashlib.sha256(str(state).encode()).digest()[:2], "big") % 2**14
    network = IPv4Network((IPv4Network("10.128.0.0/10")[number << 8], 24))
    provider = NspawnProvider(
        state, network=network, bases=BASES, shared=shared, published=published
    )
    remember_network(provider.bridge.name)
    return provider


@contextmanager
def nspawn_hosts(
    state: Path, *, shared: Sequence[Path] = (), published: Sequence[tuple[str, int]] = ()
) -> Iterator[NspawnProvider]:
    """Yield a provider whose hosts are gone afterwards, whatever became of them in the test."""
    provider = nspawn_provider(state, shared=shared, published=published)
    try:
        yield provider
    finally:
        users = state / "bridge/users"
        known = {*provider.list(), *(path.name for path in users.glob("*"))}
        for name in known:
            provider.destroy(name)
    assert leftovers(provider, state) == []


def leftovers(provider: NspawnProvider, state: Path) -> list[str]:
    """Return everything of the provider that still exists on this machine."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    # With their command lines, since they may end at any moment.
    processes = [process for process in psutil.process_iter(["cmdline"]) if _is_of(process, state)]
    return [
        *(line for line in mounts if f"{state}/" in line),
        *(" ".join(process.info["cmdline"] or ()) for process in processes),
        *of_network(provider.bridge.name),
        *map(str, (state / "hosts").glob("*")),
        *map(str, (state / "bridge/addresses").glob("*")),
    ]


def lose_container(state: Path, name: str) -> None:
    """Let it vanish, as when somebody cleans up by hand."""
    directory = state / "hosts" / name
    processes.kill(directory)
    subprocess.run(["umount", directory / "root"], check=True)
    shutil.rmtree(directory)


def _is_of(process: psutil.Process, state: Path) -> bool:
    try:
        return any(
            f"{state}/" in text for text in [*process.cmdline(), *process.environ().values()]
        )
    except (psutil.Error, OSError):
        return False


if __name__ == "__main__" and not why_not():
    ensure_base(BASES)
