"""The provider of containers."""

import json
import os
import re
import shutil
import stat
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from ocim.adapters.providers import claims, processes, ssh_client
from ocim.adapters.providers.directories import empty, leftovers, locked
from ocim.adapters.providers.images import HostImages
from ocim.adapters.providers.machine import ENVIRONMENT
from ocim.adapters.providers.nspawn import layer, limits
from ocim.adapters.providers.nspawn.base import (
    content,
    ensure_base,
    is_interrupted,
    remove_interrupted,
)
from ocim.adapters.providers.nspawn.bridge import Bridge
from ocim.adapters.providers.nspawn.container import Container
from ocim.adapters.providers.nspawn.furnishing import KEY, KNOWN_HOSTS, introduce, prepare_root
from ocim.adapters.providers.tools import missing
from ocim.core.errors import HostUnreachable, PermanentError, ValidationError
from ocim.core.hosts import Connection, Host, HostRequest, Isolation, Leftover, Ran

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
NETWORK = IPv4Network("10.213.0.0/22")
RECORD = "host.json"
"""Written when a host is made and removed first when it is destroyed: without it there is none."""
STOP_GRACE = 90.0
"""Seconds that a container is given to shut down."""
PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "nft": "nftables",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}


class NspawnProvider:
    """Keeps each container in a directory below `state`, and all else that belongs to it.

    Any number of processes may use the same `state` at once. `shared` are directories that the
    containers see at the same place. `published`: see Bridge.
    """

    kind = "nspawn"

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
        """How containers are kept from this machine: not against root in one of them."""
        return Isolation(
            "container",
            "Containers have files and processes of their own; they share the instances' databases"
            " and uploads below OCIM_VAR, and root in one is root on this machine.",
        )

    def check_flavor(self, flavor: str) -> None:
        """Take limits of containers."""
        limits.read(flavor)

    def create(self, request: HostRequest) -> Host:
        """Clone the base, or an image, and boot it; return the host that is there if there is one.

        The first one builds the base, which takes a minute or two.
        """
        container = self._container(request.name)
        bounds = limits.read(request.flavor)
        _require_means()
        with locked(container.directory, make=True):
            if not (container.directory / RECORD).exists():
                self._take_down(container)  # what an earlier attempt left half made
                empty(container.directory)
                base = self._lay(container, request.image)
                address = self.bridge.claim_address(request.name)
                prefix = self.bridge.network.prefixlen
                prepare_root(container, address=address, prefix=prefix, gateway=self.bridge.gateway)
                names = {
                    name: self.bridge.seen_from_inside(of_name)
                    for name, of_name in request.names.items()
                }
                introduce(container, names, request.authorities)
                self._start(container, bounds)
                self._write(container, address, base, request.flavor)
        return self._existing(request.name)

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return when sshd runs commands; HostUnreachable once there is no host."""
        log = self._container(name).directory / "console.log"
        return ssh_client.wait(lambda: self._existing(name), timeout=timeout, remedy=f"See {log}.")

    def find(self, name: str) -> Host | None:
        """The host, up or not; None where there is none, or one that is only half made."""
        container = self._container(name)
        if (record := _record(container)) is None:
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
            image=layer.of(container),
        )

    def list(self) -> Sequence[str]:
        """The names of all hosts, half made ones too: `destroy` takes those away as well.

        One that an image is being made of is none, unless that was interrupted.
        """
        names = [path.name for path in self._hosts.glob("*") if NAME.fullmatch(path.name)]
        return sorted(name for name in names if not self.images.is_building(name))

    def reboot(self, name: str) -> None:
        """Shut it down, if it is up, and boot it; also after this machine was started anew."""
        container = self._container(name)
        _require_means()
        with locked(container.directory):
            record = self._recorded(container)
            container.stop(grace=STOP_GRACE)
            container.mount(*layer.below(container), self.bases / record["base"])
            self._start(container, limits.read(record["flavor"]))

    def stop(self, name: str) -> None:
        """Shut it down in order; its address stays its own."""
        container = self._container(name)
        with locked(container.directory) as exists:
            if exists:
                container.stop(grace=STOP_GRACE)
                container.unmount()
                self.bridge.leave(name)

    def destroy(self, name: str) -> None:
        """Take away its processes, mount, interface, address and directory, or what is left."""
        container = self._container(name)
        with locked(container.directory) as exists:
            (container.directory / RECORD).unlink(missing_ok=True)
            self._take_down(container)
            if exists:
                shutil.rmtree(container.directory)

    def leftovers(self) -> Sequence[Leftover]:
        """Of hosts whose directory is gone, and what is there for hosts though there are none."""
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
        """Take away all that is left of that host, or of those that there were."""
        if not leftover.host:
            remove_interrupted(self.bases)
            self.bridge.remove_left()
        elif not self._container(leftover.host).directory.exists():
            self.destroy(leftover.host)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """`argv` as root, by ssh; on a terminal where there is one here."""
        return ssh_client.ssh(self._existing(name), argv)

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """`argv` as root, by ssh."""
        return ssh_client.run(self._existing(name), argv, stdin=stdin, timeout=timeout)

    def _bare(self) -> str:
        _require_means()
        base = ensure_base(self.bases)
        return f"{base.name} {content(base)}"

    def _capture(self, name: str, image: Path) -> None:
        container = self._container(name)
        layer.capture(container, self._recorded(container)["base"], image)

    def _made_from(self, image: str) -> Sequence[str]:
        return [name for name in self.list() if layer.of(self._container(name)) == image]

    def _lay(self, container: Container, image: str) -> Path:
        """Put a host's lower layers in their place; returns the lowest of them."""
        if not image:
            container.mount(base := ensure_base(self.bases))
            return base
        with self.images.kept(image) as directory:
            base = self.bases / layer.lay(directory, container)
            container.mount(*layer.below(container), base)
        return base

    def _start(self, container: Container, bounds: limits.Limits) -> None:
        for path in self._shared:
            path.mkdir(parents=True, exist_ok=True)
            # The services' users have to get to what is theirs in it, whoever made it.
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
        unfinished = container.directory / f"{RECORD}.new"
        unfinished.write_text(json.dumps(record))
        unfinished.rename(container.directory / RECORD)

    def _container(self, name: str) -> Container:
        if not NAME.fullmatch(name):
            raise ValidationError(
                [f"{name!r} cannot be a container's name."],
                remedy="Use up to 100 letters, digits, dots, dashes and underscores.",
            )
        return Container(self._hosts / name)

    def _recorded(self, container: Container) -> dict[str, str]:
        if (record := _record(container)) is None:
            raise self._unknown(container.directory.name)
        return record

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise self._unknown(name)

    def _unknown(self, name: str) -> HostUnreachable:
        return HostUnreachable(f"There is no nspawn host {name} in {self._hosts}.")


def _record(container: Container) -> dict[str, str] | None:
    try:
        record: dict[str, str] = json.loads((container.directory / RECORD).read_text())
    except FileNotFoundError:
        return None
    return record


def _require_means() -> None:
    faults = [] if os.geteuid() == 0 else ["Containers need root, which the manager is not."]
    remedy = ""
    if packages := missing(PROGRAMS):
        faults.append(f"Packages are missing: {', '.join(packages)}.")
        remedy = f"apt-get install {' '.join(packages)}"
    if faults:
        raise PermanentError(" ".join(faults), remedy=remedy)
