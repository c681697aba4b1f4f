"""What a container has of its own before it boots: keys, address, names; nothing to be guessed."""

from collections.abc import Mapping
from pathlib import Path

from ocim.adapters.providers.machine import introduction
from ocim.adapters.providers.nspawn.container import Container
from ocim.adapters.providers.tools import run

KEY = "key"
KNOWN_HOSTS = "known_hosts"
HOST_KEY = "etc/ssh/ssh_host_ed25519_key"
NETWORK = """\
[Match]
Name=host0

[Network]
Address={address}/{prefix}
Gateway={gateway}
LinkLocalAddressing=no
IPv6AcceptRA=no
"""
OWN = (
    "etc/hosts", "etc/machine-id", "etc/resolv.conf", "etc/ssh/ssh_host_*",
    "etc/systemd/network/10-host0.network", "root/.ansible", "root/.ssh", "tmp/*",
    "var/lib/systemd/random-seed", "var/log/journal", "var/tmp/*",
)  # fmt: skip
"""What a container has of its own by the time it is stopped, and no other may have."""
RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))
"""The first that there is; systemd-resolved's own, as its stub answers on loopback only."""


def prepare_root(container: Container, *, address: str, prefix: int, gateway: str) -> None:
    """Give it its address, a key that opens it, and a key that it is known by."""
    directory, root = container.directory, container.root
    _make_key(directory / KEY)
    _make_key(root / HOST_KEY)
    kind, key = (root / f"{HOST_KEY}.pub").read_text().split()[:2]
    (directory / KNOWN_HOSTS).write_text(f"{address} {kind} {key}\n")

    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    (root / "root/.ssh/authorized_keys").write_text((directory / f"{KEY}.pub").read_text())
    network = NETWORK.format(address=address, prefix=prefix, gateway=gateway)
    (root / "etc/systemd/network/10-host0.network").write_text(network)
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n{address} {directory.name.lower()}\n")
    resolver = next(path for path in RESOLVERS if path.exists())
    (root / "etc/resolv.conf").write_text(resolver.read_text())
    for path in ("etc/systemd/network/10-host0.network", "etc/hosts", "etc/resolv.conf"):
        (root / path).chmod(0o644)  # its services have users of their own


def introduce(container: Container, names: Mapping[str, str], authorities: str) -> None:
    """Tell it the fleet's names and authorities; ValidationError if a name is none."""
    run(["chroot", container.root, "sh"], stdin=introduction(names, authorities))


def _make_key(path: Path) -> None:
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ocim", "-f", path])
