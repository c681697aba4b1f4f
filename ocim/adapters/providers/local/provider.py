"""The provider of local hosts."""

import os
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from ocim.adapters.providers import claims, processes
from ocim.adapters.providers.directories import empty, locked, remnants
from ocim.adapters.providers.images import HostImages
from ocim.adapters.providers.local import supervisord, tree
from ocim.adapters.providers.local.addresses import claim_address
from ocim.adapters.providers.local.furnishing import environment, furnish, introduce
from ocim.core.errors import BadInput, HostUnreachable
from ocim.core.spec import Connection, Host, HostRequest, Remnant

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
SERVICE_PORTS = (8000, 8010, 8130, 8381)
"""Where gunicorn serves lms, cms, ecommerce and discovery on an Open edX app server."""
ADDRESS = "etc/address"
"""Written when a host is made and removed first when it is destroyed: without it there is none."""
UNFINISHED = "etc/address.new"
IMAGE = "etc/image"
"""Written before anything of the image is on the host."""
BARE = "1"
"""What a host is without an image; another number where images of before are of no use."""
STOP_GRACE = 60.0
"""Seconds that the programs of a host are given in all to end."""


class LocalProvider:
    """Keeps each host in a directory below `hosts_dir`; see the package for what a host is.

    Any number of processes may use the same `hosts_dir` at once. No host gets an address on
    which one of `ports` is taken.
    """

    kind = "local"

    def __init__(self, hosts_dir: Path, *, ports: Sequence[int] = SERVICE_PORTS) -> None:
        self._hosts_dir = hosts_dir.resolve()
        self._claims = self._hosts_dir / ".addresses"
        self._ports = ports
        self.images = HostImages(
            self._hosts_dir / ".images",
            self,
            bare=lambda: BARE,
            capture=lambda name, image: tree.capture(self._root(name), image),
            users=self._made_from,
        )

    def create(self, request: HostRequest) -> Host:
        """Make the host and start it; return the host that is there if there is one."""
        root = self._root(request.name)
        with locked(root, make=True):
            if not (root / ADDRESS).exists():
                processes.kill(root)
                empty(root)  # what an earlier attempt left that did not get to its end
                introduce(root, request.names, request.authorities)
                if request.image:
                    with self.images.kept(request.image) as image:
                        (root / IMAGE).write_text(request.image)
                        tree.install(image, root)
                furnish(root)
                address = claim_address(self._claims, request.name, self._ports)
                supervisord.start(root)
                (root / UNFINISHED).write_text(address)
                (root / UNFINISHED).rename(root / ADDRESS)
        return self._existing(request.name)

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return when its supervisord takes commands; HostUnreachable once there is no host."""
        deadline = time.monotonic() + timeout
        pause = 0.01
        while True:
            host = self._existing(name)
            if supervisord.answers(self._root(name)):
                return host
            left = deadline - time.monotonic()
            if left <= 0:
                raise HostUnreachable(
                    f"Host {name} did not come up within {timeout:g} s.",
                    remedy=f"See {host.root}/var/log/supervisord.log.",
                )
            time.sleep(min(pause, left))
            pause = min(2 * pause, 0.5)

    def find(self, name: str) -> Host | None:
        """The host, up or not; None where there is none, or one that is only half made."""
        root = self._root(name)
        try:
            address = (root / ADDRESS).read_text()
        except FileNotFoundError:
            return None
        connection = Connection(kind="local", environment=environment(root))
        return Host(
            name=name,
            provider=self.kind,
            address=address,
            connection=connection,
            root=str(root),
            image=self._image(name),
        )

    def list(self) -> Sequence[str]:
        """The names of all hosts, half made ones too: `destroy` takes those away as well.

        One that an image is being made of is none, unless that was interrupted.
        """
        names = [path.name for path in self._hosts_dir.glob("*") if NAME.fullmatch(path.name)]
        return sorted(name for name in names if not self.images.is_building(name))

    def reboot(self, name: str) -> None:
        """Stop it, if it is up, and start it with the programs that were set up on it."""
        root = self._root(name)
        with locked(root):
            self._existing(name)
            processes.end(root, supervisord.pid(root), grace=STOP_GRACE)
            furnish(root)
            supervisord.start(root)

    def stop(self, name: str) -> None:
        """End its programs as supervisord ends them, gracefully, and then whatever else runs."""
        root = self._root(name)
        with locked(root):
            processes.end(root, supervisord.pid(root), grace=STOP_GRACE)

    def destroy(self, name: str) -> None:
        """Kill its processes and remove its directory; also what is left where one of both is."""
        root = self._root(name)
        with locked(root) as exists:
            processes.kill(root)
            (root / ADDRESS).unlink(missing_ok=True)
            claims.release(self._claims, name)
            if exists:
                shutil.rmtree(root)

    def remnants(self) -> Sequence[Remnant]:
        """Addresses and processes of hosts whose directory is gone."""
        return remnants(
            self._hosts_dir,
            {
                "an address": claims.holders(self._claims),
                "processes": processes.hosts_below(self._hosts_dir),
            },
        )

    def clear(self, remnant: Remnant) -> None:
        """Take away all that is left of that host."""
        if not self._root(remnant.host).exists():
            self.destroy(remnant.host)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """`argv` in the host's environment and home; only the terminal's type is added."""
        host = self._existing(name)
        variables = {"TERM": os.environ.get("TERM", "dumb"), **host.connection.environment}
        settings = [f"{key}={value}" for key, value in variables.items()]
        return ["env", "-i", "-C", variables["HOME"], *settings, *argv]

    def _made_from(self, image: str) -> Sequence[str]:
        return [name for name in self.list() if self._image(name) == image]

    def _image(self, name: str) -> str:
        try:
            return (self._root(name) / IMAGE).read_text()
        except FileNotFoundError:
            return ""

    def _root(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise BadInput(
                [f"{name!r} cannot be a local host's name."],
                remedy="Use up to 100 letters, digits, dots, dashes and underscores.",
            )
        return self._hosts_dir / name

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise HostUnreachable(f"There is no local host {name} in {self._hosts_dir}.")
