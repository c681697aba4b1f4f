"""The provider of containers."""

import shutil
import stat
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from ocim.adapters.authorities import ENVIRONMENT
from ocim.adapters.providers import claims, flavors, processes, records, ssh_client
from ocim.adapters.providers.directories import NAME, check_name, empty, leftovers, locked
from ocim.adapters.providers.images import HostImages
from ocim.adapters.providers.nspawn import layer
from ocim.adapters.providers.nspawn.base import (
    content,
    ensure_base,
    is_interrupted,
    remove_interrupted,
)
from ocim.adapters.providers.nspawn.bridge import Bridge
from ocim.adapters.providers.nspawn.container import Container
from ocim.adapters.providers.nspawn.requirements import require_programs
from ocim.adapters.providers.nspawn.root import KEY, KNOWN_HOSTS, install_names, prepare_root
from ocim.core.errors import HostUnreachable
from ocim.core.hosts import Connection, Host, HostRequest, Isolation, Leftover, Ran
from ocim.ports.providers import Session

NETWORK = IPv4Network("10.213.0.0/22")
RECORD = "host.json"
"""Record of a host: written once it is complete, removed first when it is destroyed."""
STOP_GRACE = 90.0
"""Seconds that a container has to shut down."""


class NspawnProvider:
    """A provider that keeps containers in directories below `state`, with all that belongs to them.

    Any number of processes may use the same `state` at once. `shared`: directories that the
    containers see at the same place. `published`: see Bridge.
    """

    kind = "nspawn"
    is_shared = False

    def __init__(
        self,
        state: Path,
        *,
        network: IPv4Network = NETWORK,
        shared: Sequence[Path] = (),
        published: Sequence[tuple[str, int]] = (),
        bases: Path | None = None,
    ) -> None:
        state = state.resolve()
        self._hosts = state / "hosts"
        self.bases = bases or state / "bases"
        self.images = HostImages(
            state / "images",
            self,
            bare=self._bare,
            capture=self._capture,
            users=self._made_from,
        )
        self._shared = shared
        self.bridge = Bridge(state / "bridge", network, published)

    def isolation(self) -> Isolation:
        """Describe how containers are separated from this machine, except from their root."""
        return Isolation(
            "container",
            "Containers have files and processes of their own; they share the instances' databases"
            " and uploads below OCIM_VAR, and root in one is root on this machine.",
        )

    def check_flavor(self, flavor: str) -> None:
        """Raise ValidationError unless the flavor is a list of limits."""
        flavors.read(flavor)

    def create(self, request: HostRequest) -> Host:
        """Clone the base or an image, and boot it; return the existing host if there is one.

        The first container builds the base, which takes a minute or two.
        """
        container = self._container(request.name)
        bounds = flavors.read(request.flavor)
        require_programs()
        with locked(container.directory, make=True):
            if not (container.directory / RECORD).exists():
                self._take_down(container)  # an earlier attempt may have been interrupted
                empty(container.directory)
                base = self._lay(container, request.image)
                own = self.bridge.claim_address(request.name)
                prefix = self.bridge.network.prefixlen
                prepare_root(container, address=own, prefix=prefix, gateway=self.bridge.gateway)
                names = {
                    name: self.bridge.seen_from_inside(address)
                    for name, address in request.names.items()
                }
                install_names(container, names, request.authorities)
                self._start(container, bounds)
                self._write(container, own, base, request.flavor)
        return self._existing(request.name)

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return the host once ssh runs commands; raise HostUnreachable if it no longer exists."""
        log = self._container(name).directory / "console.log"
        return ssh_client.wait(lambda: self._existing(name), timeout=timeout, remedy=f"See {log}.")

    def find(self, name: str) -> Host | None:
        """Return the host, running or not; None if it does not exist or is incomplete."""
        container = self._container(name)
        if (record := records.read(container.directory / RECORD)) is None:
            return None
        connection = Connection(
            kind="ssh",
            user="root",
            key_file=str(container.directory / KEY),
            known_hosts_file=str(container.directory / KNOWN_HOSTS),
            environment=ENVIRONMENT,
        )
        return Host(
            name=name,
            provider=self.kind,
            address=record["address"],
            connection=connection,
            image=layer.image_of(container),
        )

    def list(self) -> Sequence[str]:
        """Return the names of all hosts, including incomplete ones, which `destroy` also removes.

        Hosts that images are being made from are left out, unless that was interrupted.
        """
        names = [path.name for path in self._hosts.glob("*") if NAME.fullmatch(path.name)]
        return sorted(name for name in names if not self.images.is_building(name))

    def reboot(self, name: str) -> None:
        """Shut the container down if it is running, and boot it.

        Also after this machine was restarted.
        """
        container = self._container(name)
        require_programs()
        with locked(container.directory):
            record = self._recorded(container)
            container.stop(grace=STOP_GRACE)
            container.mount(*layer.layers_of(container), self.bases / record["base"])
            self._start(container, flavors.read(record["flavor"]))

    def stop(self, name: str) -> None:
        """Shut the container down; it keeps its address."""
        container = self._container(name)
        with locked(container.directory) as exists:
            if exists:
                container.stop(grace=STOP_GRACE)
                container.unmount()
                self.bridge.leave(name)

    def destroy(self, name: str) -> None:
        """Remove what exists of the container: processes, mount, interface, address, directory."""
        container = self._container(name)
        with locked(container.directory) as exists:
            (container.directory / RECORD).unlink(missing_ok=True)
            self._take_down(container)
            if exists:
                shutil.rmtree(container.directory)

    def leftovers(self) -> Sequence[Leftover]:
        """Return resources of hosts without a directory, and common resources that nobody uses."""
        left = leftovers(
            lambda name: (self._hosts / name).exists(),
            {
                "processes": processes.hosts_below(self._hosts),
                "an address": claims.holders(self.bridge.addresses),
                "a place on the bridge": self.bridge.users(),
            },
        )
        if self.bridge.is_left():
            left.append(Leftover(f"the bridge {self.bridge.name}"))
        if is_interrupted(self.bases):
            left.append(Leftover("a base that was not built to its end"))
        return left

    def clear(self, leftover: Leftover) -> None:
        """Remove everything that is left of the host, or the unused common resources."""
        if not leftover.host:
            remove_interrupted(self.bases)
            self.bridge.remove_left()
        elif not self._container(leftover.host).directory.exists():
            self.destroy(leftover.host)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """Return the ssh command that runs `argv` as root, on a terminal if possible."""
        return ssh_client.ssh(self._existing(name), argv)

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """Run the command by ssh as root."""
        return ssh_client.run(self._existing(name), argv, stdin=stdin, timeout=timeout)

    def open_session(self, name: str, argv: Sequence[str]) -> Session:
        """Start the command by ssh as root."""
        return ssh_client.open_session(self._existing(name), argv)

    def _bare(self) -> str:
        require_programs()
        base = ensure_base(self.bases)
        return f"{base.name} {content(base)}"

    def _capture(self, name: str, image: Path) -> None:
        container = self._container(name)
        layer.capture(container, self._recorded(container)["base"], image)

    def _made_from(self, image: str) -> Sequence[str]:
        return [name for name in self.list() if layer.image_of(self._container(name)) == image]

    def _lay(self, container: Container, image: str) -> Path:
        """Mount the container's layers, and return the lowest of them: the base."""
        if not image:
            container.mount(base := ensure_base(self.bases))
            return base
        with self.images.kept(image) as directory:
            base = self.bases / layer.link(directory, container)
            container.mount(*layer.layers_of(container), base)
        return base

    def _start(self, container: Container, bounds: flavors.Limits) -> None:
        for path in self._shared:
            path.mkdir(parents=True, exist_ok=True)
            # The users of the services must be able to enter it, whoever created it.
            path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o011)
        self.bridge.use(container.directory.name)
        container.start(bridge=self.bridge.name, shared=self._shared, bounds=bounds)

    def _take_down(self, container: Container) -> None:
        container.kill()
        container.unmount()
        name = container.directory.name
        self.bridge.leave(name)
        claims.release(self.bridge.addresses, name)

    def _write(self, container: Container, address: str, base: Path, flavor: str) -> None:
        record = {"address": address, "base": base.name, "flavor": flavor}
        records.write(container.directory / RECORD, record)

    def _container(self, name: str) -> Container:
        check_name(name)
        return Container(self._hosts / name)

    def _recorded(self, container: Container) -> dict[str, str]:
        if (record := records.read(container.directory / RECORD)) is None:
            raise self._unknown(container.directory.name)
        return record

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise self._unknown(name)

    def _unknown(self, name: str) -> HostUnreachable:
        return HostUnreachable(f"There is no nspawn host {name} in {self._hosts}.")
