"""The provider of local hosts."""

import os
import re
import shlex
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ocim.adapters.providers import claims, processes, tools
from ocim.adapters.providers.directories import leftovers, locked, remove
from ocim.adapters.providers.images import HostImages
from ocim.adapters.providers.local import records, supervisord, tree
from ocim.adapters.providers.local.addresses import claim_address
from ocim.adapters.providers.local.furnishing import environment, introduce
from ocim.adapters.providers.local.records import Record
from ocim.adapters.sandbox import Sandbox, View
from ocim.core import stopping
from ocim.core.errors import HostUnreachable, ValidationError
from ocim.core.hosts import Connection, Host, HostRequest, Isolation, Leftover, Ran

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
SERVICE_PORTS = (8000, 8010, 8130, 8381)
"""Where gunicorn serves lms, cms, ecommerce and discovery on an Open edX app server."""
OWN_TERMINAL = ("/usr/bin/script", "--quiet", "--return", "--flush", "--command")
"""Gives what follows a terminal of its own, so that it cannot type on the one of this process."""
BARE = "2"
"""What a host is without an image; another number where images of before are of no use."""
STOP_GRACE = 60.0
"""Seconds that the programs of a host are given in all to end."""


class LocalProvider:
    """Keeps each host in a directory below `hosts_dir`; see the package for what a host is.

    Any number of processes may use the same `hosts_dir` at once. No host gets an address on
    which one of `ports` is taken. `sandbox`: what all that runs on a host is kept in.
    """

    kind = "local"

    def __init__(
        self,
        hosts_dir: Path,
        *,
        ports: Sequence[int] = SERVICE_PORTS,
        sandbox: Sandbox | None = None,
    ) -> None:
        self._hosts_dir = hosts_dir.resolve()
        self._claims = self._hosts_dir / ".addresses"
        self._records = self._hosts_dir / ".records"
        self._images = self._hosts_dir / ".images"
        self._ports = ports
        self._sandbox = sandbox or Sandbox()
        self.images = HostImages(
            self._images,
            self,
            bare=lambda: BARE,
            capture=lambda name, image: tree.capture(self._root(name), image),
            users=self._made_from,
        )

    def isolation(self) -> Isolation:
        """Whether programs of a host are kept from all that is not the host's, and why not."""
        return self._sandbox.isolation()

    def check_flavor(self, flavor: str) -> None:
        """Refuse any: all hosts share this machine."""
        if flavor:
            raise ValidationError(
                [f"flavor: hosts of provider local have none, not {flavor!r}: empty it."]
            )

    def create(self, request: HostRequest) -> Host:
        """Make the host and start it; return the host that is there if there is one."""
        root, kept = self._root(request.name), self._records / request.name
        with locked(kept, make=True):
            if self.find(request.name) is None:
                self._hosts_dir.chmod(0o700)
                processes.kill(root)
                records.write(kept, Record(image=request.image, directories=request.directories))
                remove(root)  # what an earlier attempt left that did not get to its end
                root.mkdir(mode=0o700)
                introduce(root, request.names, request.authorities)
                if request.image:
                    with self.images.kept(request.image) as image:
                        tree.install(image, root)
                address = claim_address(self._claims, request.name, self._ports)
                self._start(request.name)
                records.write(kept, replace(self._record(request.name), address=address))
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
            stopping.wait(min(pause, left))
            pause = min(2 * pause, 0.5)

    def find(self, name: str) -> Host | None:
        """The host, up or not; None where there is none, or one that is only half made."""
        root, record = self._root(name), self._record(name)
        if not (record.address and root.is_dir()):
            return None
        return Host(
            name=name,
            provider=self.kind,
            address=record.address,
            connection=Connection(kind="local", environment=environment(root)),
            root=str(root),
            image=record.image,
            shared=tuple(map(str, self._shared(record))),
        )

    def list(self) -> Sequence[str]:
        """The names of all hosts, half made ones too: `destroy` takes those away as well.

        One that an image is being made of is none, unless that was interrupted.
        """
        paths = (*self._hosts_dir.glob("*"), *self._records.glob("*"))
        names = {path.name for path in paths if NAME.fullmatch(path.name)}
        there = (name for name in names if self._is_there(name))
        return sorted(name for name in there if not self.images.is_building(name))

    def reboot(self, name: str) -> None:
        """Stop it, if it is up, and start it with the programs that were set up on it."""
        root = self._root(name)
        with locked(self._records / name):
            self._existing(name)
            processes.end(root, supervisord.pid(root), grace=STOP_GRACE)
            self._start(name)

    def stop(self, name: str) -> None:
        """End its programs as supervisord ends them, gracefully, and then whatever else runs."""
        root = self._root(name)
        with locked(self._records / name):
            processes.end(root, supervisord.pid(root), grace=STOP_GRACE)

    def destroy(self, name: str) -> None:
        """Kill its processes and remove its directory; also what is left where one of both is."""
        root, kept = self._root(name), self._records / name
        with locked(kept) as exists:
            if exists:
                records.write(kept, replace(self._record(name), address=""))
            processes.kill(root)
            claims.release(self._claims, name)
            remove(root)
            remove(kept)

    def leftovers(self) -> Sequence[Leftover]:
        """Addresses, processes and records of hosts whose directory is gone."""
        return leftovers(
            self._is_there,
            {
                "an address": claims.holders(self._claims),
                "processes": processes.hosts_below(self._hosts_dir),
                "a record": {path.name for path in self._records.glob("*")},
            },
        )

    def clear(self, leftover: Leftover) -> None:
        """Take away all that is left of that host."""
        if not self._is_there(leftover.host):
            self.destroy(leftover.host)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """`argv` in the host's environment and home; only the terminal's type is added."""
        host = self._existing(name)
        variables = {"TERM": os.environ.get("TERM", "dumb"), **host.connection.environment}
        settings = [f"{key}={value}" for key, value in variables.items()]
        is_terminal = os.isatty(0) and Path(OWN_TERMINAL[0]).exists()
        words = self._kept(name, argv, is_terminal=is_terminal)
        if is_terminal:
            words = [*OWN_TERMINAL, shlex.join(words), os.devnull]
        return ["env", "-i", "-C", variables["HOME"], *settings, *words]

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """`argv` in the host's environment and home."""
        return tools.ended(self.command(name, argv), stdin=stdin, timeout=timeout)

    def _start(self, name: str) -> None:
        root = self._root(name)
        for directory in self._record(name).directories:
            # What is not there when it starts, it does not see later.
            Path(directory).mkdir(parents=True, exist_ok=True)
        supervisord.start(root, self._kept(name, supervisord.BOOT, outlives=True))

    def _kept(
        self, name: str, argv: Sequence[str], *, outlives: bool = False, is_terminal: bool = False
    ) -> Sequence[str]:
        """`argv`, with a view of the host's own files and processes and no others."""
        record = self._record(name)
        own = (self._root(name), *map(Path, record.directories))
        view = View(tuple(self._shared(record)), own)
        return self._sandbox.wrap(argv, view, outlives=outlives, is_terminal=is_terminal)

    def _shared(self, record: Record) -> Sequence[Path]:
        return [self._images / record.image] if record.image else []

    def _made_from(self, image: str) -> Sequence[str]:
        return [name for name in self.list() if self._record(name).image == image]

    def _record(self, name: str) -> Record:
        return records.read(self._records / name) or Record()

    def _is_there(self, name: str) -> bool:
        """Whether it is a host, or on its way to be one or none; not where its root vanished."""
        if not NAME.fullmatch(name):
            return True
        if self._root(name).is_dir():
            return True
        return (self._records / name).is_dir() and not self._record(name).address

    def _root(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise ValidationError(
                [f"{name!r} cannot be a local host's name."],
                remedy="Use up to 100 letters, digits, dots, dashes and underscores.",
            )
        return self._hosts_dir / name

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise HostUnreachable(f"There is no local host {name} in {self._hosts_dir}.")
