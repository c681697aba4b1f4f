"""The files that each container gets before it boots: keys, address and names."""

from collections.abc import Mapping
from pathlib import Path

from ocim.adapters.providers.names import names_script
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
    "etc/hosts",
    "etc/machine-id",
    "etc/resolv.conf",
    "etc/ssh/ssh_host_*",
    "etc/systemd/network/10-host0.network",
    "root/.ansible",
    "root/.ssh",
    "tmp/*",
    "var/lib/systemd/random-seed",
    "var/log/journal",
    "var/tmp/*",
)
"""Files and directories that must not get into an image: each container has its own."""
RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))
"""Files with name servers; the first that exists is used.

(The stub of systemd-resolved would answer on loopback only.)
"""


def prepare_root(container: Container, *, address: str, prefix: int, gateway: str) -> None:
    """Write the container's address, the key to log in with, and its own host key."""
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
        (root / path).chmod(0o644)  # services run as users of their own


def install_names(container: Container, names: Mapping[str, str], authorities: str) -> None:
    """Install the fleet's names and authorities; raise ValidationError if a name is not valid."""
    run(["chroot", container.root, "sh"], stdin=names_script(names, authorities))


def _make_key(path: Path) -> None:
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ocim", "-f", path])
