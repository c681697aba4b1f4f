"""The provider of local hosts."""

import os
import shlex
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ocim.adapters.providers import claims, processes, tools
from ocim.adapters.providers.addresses import claim_address
from ocim.adapters.providers.directories import NAME, check_name, leftovers, locked, remove
from ocim.adapters.providers.images import HostImages
from ocim.adapters.providers.local import record, supervisord, tree
from ocim.adapters.providers.local.record import Record
from ocim.adapters.providers.local.root import environment, install_names
from ocim.adapters.sandbox import Sandbox, View
from ocim.adapters.sessions import CommandSession
from ocim.core import stopping
from ocim.core.errors import HostUnreachable, ValidationError
from ocim.core.hosts import Connection, Host, HostRequest, Isolation, Leftover, Ran
from ocim.ports.providers import Session

SERVICE_PORTS = (8000, 8010, 8130, 8381)
"""Ports of gunicorn for lms, cms, ecommerce and discovery on an app server."""
OWN_TERMINAL = ("/usr/bin/script", "--quiet", "--return", "--flush", "--command")
"""Command that gives a program a terminal of its own, so that it cannot type on this process's."""
BARE = "2"
"""Version of a host without an image; change it when older images become unusable."""
STOP_GRACE = 60.0
"""Seconds that all programs of a host have to end."""


class LocalProvider:
    """A provider that keeps hosts in directories below `hosts_dir`.

    Any number of processes may use the same `hosts_dir` at once. A host gets an address on which
    all `ports` are free. `sandbox`: contains everything that runs on a host.
    """

    kind = "local"
    is_shared = False

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
        """Describe the sandbox of the hosts, or why there is none."""
        return self._sandbox.isolation()

    def check_flavor(self, flavor: str) -> None:
        """Raise ValidationError unless it is empty: all hosts share this machine."""
        if flavor:
            raise ValidationError(
                [f"flavor: {flavor!r} is not possible for provider local. Leave it empty."]
            )

    def create(self, request: HostRequest) -> Host:
        """Create the host and start it; return the existing host if there is one."""
        root, kept = self._root(request.name), self._records / request.name
        with locked(kept, make=True):
            if self.find(request.name) is None:
                self._hosts_dir.chmod(0o700)
                processes.kill(root)
                made = Record(image=request.image, directories=request.directories)
                record.write(kept, made)
                remove(root)  # an earlier attempt may have been interrupted
                root.mkdir(mode=0o700)
                install_names(root, request.names, request.authorities)
                if request.image:
                    with self.images.kept(request.image) as image:
                        tree.install(image, root)
                address = claim_address(self._claims, request.name, self._ports)
                self._start(request.name)
                record.write(kept, replace(made, address=address))
        return self._existing(request.name)

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return the host once its supervisord accepts commands.

        Raise HostUnreachable if it is gone.
        """
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
        """Return the host, running or not; None if it does not exist or is incomplete."""
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
        """Return the names of all hosts, including incomplete ones, which `destroy` also removes.

        Hosts that images are being made from are left out, unless that was interrupted.
        """
        paths = (*self._hosts_dir.glob("*"), *self._records.glob("*"))
        names = {path.name for path in paths if NAME.fullmatch(path.name)}
        existing = (name for name in names if self._exists(name))
        return sorted(name for name in existing if not self.images.is_building(name))

    def reboot(self, name: str) -> None:
        """Stop the host if it is running, and start it with the programs that were set up on it."""
        root = self._root(name)
        with locked(self._records / name):
            self._existing(name)
            processes.end(root, supervisord.pid(root), grace=STOP_GRACE)
            self._start(name)

    def stop(self, name: str) -> None:
        """Let supervisord end its programs gracefully, then end everything else."""
        root = self._root(name)
        with locked(self._records / name):
            processes.end(root, supervisord.pid(root), grace=STOP_GRACE)

    def destroy(self, name: str) -> None:
        """Kill the host's processes, and remove its address, directory and record."""
        root, kept = self._root(name), self._records / name
        with locked(kept) as exists:
            if exists:
                record.write(kept, replace(self._record(name), address=""))
            processes.kill(root)
            claims.release(self._claims, name)
            remove(root)
            remove(kept)

    def leftovers(self) -> Sequence[Leftover]:
        """Return addresses, processes and records of hosts without a directory."""
        return leftovers(
            self._exists,
            {
                "an address": claims.holders(self._claims),
                "processes": processes.hosts_below(self._hosts_dir),
                "a record": {path.name for path in self._records.glob("*")},
            },
        )

    def clear(self, leftover: Leftover) -> None:
        """Remove everything that is left of the host, unless it exists again."""
        if not self._exists(leftover.host):
            self.destroy(leftover.host)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """Return the command that runs `argv` in the host's sandbox, environment and home.

        Only the terminal's type is added to the environment.
        """
        is_terminal = os.isatty(0) and Path(OWN_TERMINAL[0]).exists()
        return self._command(name, argv, is_terminal=is_terminal)

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """Run the command in the host's sandbox, environment and home."""
        return tools.run_unchecked(self._command(name, argv), stdin=stdin, timeout=timeout)

    def open_session(self, name: str, argv: Sequence[str]) -> Session:
        """Start the command in the host's sandbox, environment and home."""
        return CommandSession(self._command(name, argv), host=name)

    def _command(
        self, name: str, argv: Sequence[str], *, is_terminal: bool = False
    ) -> Sequence[str]:
        host = self._existing(name)
        variables = {"TERM": os.environ.get("TERM", "dumb"), **host.connection.environment}
        settings = [f"{key}={value}" for key, value in variables.items()]
        words = self._sandboxed(name, argv, is_terminal=is_terminal)
        if is_terminal:
            words = [*OWN_TERMINAL, shlex.join(words), os.devnull]
        return ["env", "-i", "-C", variables["HOME"], *settings, *words]

    def _start(self, name: str) -> None:
        root = self._root(name)
        for directory in self._record(name).directories:
            # The sandbox shows only directories that exist when it starts.
            Path(directory).mkdir(parents=True, exist_ok=True)
        supervisord.start(root, self._sandboxed(name, supervisord.BOOT, outlives=True))

    def _sandboxed(
        self, name: str, argv: Sequence[str], *, outlives: bool = False, is_terminal: bool = False
    ) -> Sequence[str]:
        """Return the command that runs `argv` with a view of the host's own files and processes."""
        record = self._record(name)
        own = (self._root(name), *map(Path, record.directories))
        view = View(tuple(self._shared(record)), own)
        return self._sandbox.wrap(argv, view, outlives=outlives, is_terminal=is_terminal)

    def _shared(self, record: Record) -> Sequence[Path]:
        return [self._images / record.image] if record.image else []

    def _made_from(self, image: str) -> Sequence[str]:
        return [name for name in self.list() if self._record(name).image == image]

    def _record(self, name: str) -> Record:
        return record.read(self._records / name) or Record()

    def _exists(self, name: str) -> bool:
        """Return True if the host exists, is being created, or is being destroyed."""
        if not NAME.fullmatch(name):
            return True
        if self._root(name).is_dir():
            return True
        return (self._records / name).is_dir() and not self._record(name).address

    def _root(self, name: str) -> Path:
        check_name(name)
        return self._hosts_dir / name

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise HostUnreachable(f"There is no local host {name} in {self._hosts_dir}.")
