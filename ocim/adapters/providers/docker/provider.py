"""The provider of compose projects."""

import hashlib
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, ip_address
from pathlib import Path

from ocim.adapters import authorities
from ocim.adapters.docker_projects import (
    FILE,
    LIMITED_DRIVER,
    PATIENCE,
    EngineAddress,
    Project,
    anchor_of,
    send,
)
from ocim.adapters.providers import claims, flavors, processes, tools
from ocim.adapters.providers.addresses import claim_address
from ocim.adapters.providers.directories import check_name, empty, leftovers, locked
from ocim.adapters.providers.docker import anchor, networks
from ocim.adapters.providers.docker.elsewhere import BASE, Elsewhere, claim_port
from ocim.adapters.providers.docker.engine import ONE_OFF, Engine
from ocim.adapters.providers.docker.sessions import MARK, ContainerSession, ended_with, new_mark
from ocim.adapters.providers.names import hosts_lines
from ocim.core import stopping
from ocim.core.errors import (
    HostUnreachable,
    OcimError,
    PermanentError,
    TransientError,
    ValidationError,
)
from ocim.core.hosts import Connection, Host, HostRequest, Isolation, Leftover, Ran
from ocim.ports.providers import Session

NETWORK = IPv4Network("10.231.0.0/16")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,50}")
PORTS = (80,)
"""Ports of a host's address: Tutor's Caddy."""
AUTHORITIES = "authorities.pem"
STOP_SECONDS = 300.0
"""Maximum number of seconds until all containers of a host have stopped."""
EXEC_SECONDS = 30.0
ATTEMPTS = 3
"""Number of attempts to make a host whose engine dies meanwhile."""


class DockerProvider:
    """A provider that keeps hosts in directories below `state`, and their containers on an engine.

    Any number of processes may use the same `state` at once, and any number of installations the
    same engine. `base`: directory of the engine's machine for the hosts' files, if that is another
    one. `network`: see networks.create. `needs_border`: make no host whose root is root on this
    machine. `patience`: seconds to wait for an engine that is away, where something is to be made
    or removed.
    """

    kind = "docker"
    images = None
    is_shared = False

    def __init__(
        self,
        state: Path,
        *,
        engine: EngineAddress,
        base: str = BASE,
        network: IPv4Network = NETWORK,
        needs_border: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        state = state.resolve()
        self._needs_border = needs_border
        self._patience = patience
        self._hosts = state / "hosts"
        self._addresses = state / "addresses"
        self._networks = state / "networks"
        self._network = network
        installation = hashlib.sha256(str(state).encode()).hexdigest()[:6]
        self._elsewhere = None
        if engine.is_elsewhere:
            # Managers of several machines may have the same directory.
            claims.claim(state, "installation", uuid.uuid4().hex[:6])
            installation = claims.holder(state, "installation") or installation
        self.engine = Engine(engine, installation)
        if engine.is_elsewhere:
            self._elsewhere = Elsewhere(self.engine, base=base, locks=state)

    def isolation(self) -> Isolation:
        """Describe what root in a container is, by the kind of the engine and its machine."""
        try:
            version, is_rootless = self.engine.describe()
        except OcimError as error:
            return Isolation("none", error.problem)
        if self.engine.at.is_elsewhere:
            return Isolation(
                "machine",
                f"Containers of Docker {version} on another machine, {self.engine.at.address}; they"
                " share it with those of other instances.",
            )
        if is_rootless:
            detail = (
                f"Containers of Docker {version}, whose root is no more than the engine's user."
            )
            return Isolation("container", detail)
        return Isolation(
            "none",
            f"Docker {version} is root on this machine: whoever chooses images, plugins or TUTOR_"
            " variables of an app server commands it.",
            remedy="Use a rootless engine (OCIM_DOCKER_ENGINE) if these people may not be root.",
        )

    def check_flavor(self, flavor: str) -> None:
        """Raise ValidationError unless the flavor is a list of limits, which each container has."""
        flavors.read(flavor)

    def create(self, request: HostRequest) -> Host:
        """Make the host's directory, network and first container; return the existing host if any.

        What an interrupted attempt left is removed first. The first container of an existing host
        is started, which an engine that was killed leaves stopped.
        """
        root, limits = self._root(request.name), flavors.read(request.flavor)
        hosts_lines(request.names)
        if self._needs_border and not (isolation := self.isolation()).is_sandbox:
            raise PermanentError(
                f"OCIM_REQUIRE_SANDBOX is set, but docker hosts are no border: {isolation.detail}",
                remedy=isolation.remedy,
            )
        with locked(root, make=True):
            for attempt in range(ATTEMPTS):
                if (root / FILE).exists():
                    anchor.revive(self._engine(request.name), self.engine.project(request.name))
                    break
                self._take_down(request.name)  # waits for the engine
                self._empty(request.name)
                try:
                    self._make(request, root, limits)
                except TransientError:
                    if attempt == ATTEMPTS - 1:
                        raise
        return self._existing(request.name)

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return the host once its first container runs a command."""
        deadline = time.monotonic() + timeout
        pause = 0.05
        while True:
            host = self._existing(name)
            project = self.engine.project(name)
            engine = self._engine(name, patience=0)
            fault = anchor.fault(engine, project, timeout=EXEC_SECONDS)
            if not fault:
                return host
            left = deadline - time.monotonic()
            if left <= 0:
                raise HostUnreachable(
                    f"Host {name} did not come up within {timeout:g} s. {fault}",
                    remedy=f"See `docker logs {anchor_of(project)}`.",
                )
            stopping.wait(min(pause, left))
            pause = min(2 * pause, 1.0)

    def find(self, name: str) -> Host | None:
        """Return the host, running or not; None if it does not exist or is incomplete."""
        root = self._root(name)
        try:
            project = Project.read(root)
        except HostUnreachable:
            return None
        environment = {
            processes.MARK: str(root),
            "COMPOSE_PROJECT_NAME": project.name,
            "TUTOR_ROOT": str(root),
            "TUTOR_PLUGINS_ROOT": str(root / "plugins"),
            **self.engine.at.environment(),
        }
        connection = Connection(kind="docker", environment=environment)
        return Host(name, self.kind, project.address, connection, root=str(root))

    def list(self) -> Sequence[str]:
        """Return the names of all hosts, including incomplete ones."""
        return sorted(path.name for path in self._hosts.glob("*") if NAME.fullmatch(path.name))

    def reboot(self, name: str) -> None:
        """Stop the host if it is running, and start its containers."""
        with locked(self._root(name)):
            self._existing(name)
            self._stop(name)
            self._engine(name).run("start", *self._containers(name), timeout=STOP_SECONDS)

    def stop(self, name: str) -> None:
        """End jobs at once, and let the other containers end as they want to."""
        with locked(self._root(name)) as exists:
            if exists:
                self._stop(name)

    def destroy(self, name: str) -> None:
        """Remove the host's containers, volumes and network, its addresses and its directory."""
        root = self._root(name)
        with locked(root) as exists:
            (root / FILE).unlink(missing_ok=True)
            self._take_down(name)
            if exists:
                self._empty(name)
                root.rmdir()

    def leftovers(self) -> Sequence[Leftover]:
        """Return resources of hosts without a directory."""
        return leftovers(
            lambda name: not NAME.fullmatch(name) or self._root(name).exists(),
            {
                "processes": processes.hosts_below(self._hosts),
                "containers": set(self.engine.resources("container")),
                "volumes": set(self.engine.resources("volume")),
                "a network": set(self.engine.resources("network")),
                "a directory": self._elsewhere.hosts() if self._elsewhere else set(),
                "the claim of a network": claims.holders(self._networks),
                "an address": claims.holders(self._addresses),
            },
        )

    def clear(self, leftover: Leftover) -> None:
        """Remove everything that is left of the host, unless it exists again."""
        if not self._root(leftover.host).exists():
            self.destroy(leftover.host)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """Return the command that runs `argv` here, beside the engine, in the host's directory.

        Its environment leads to the engine and to the project.
        """
        host = self._existing(name)
        settings = [f"{key}={value}" for key, value in host.connection.environment.items()]
        return ["env", "-i", "-C", host.root, *settings, *argv]

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """Run the command here, in the host's directory and environment."""
        mark = new_mark()
        with ended_with(mark, self._kill_elsewhere):
            return tools.run_unchecked(
                self.command(name, ["env", f"{MARK}={mark}", *argv]), stdin=stdin, timeout=timeout
            )

    def open_session(self, name: str, argv: Sequence[str]) -> Session:
        """Start the command here, in the host's directory and environment."""
        mark = new_mark()
        command = self.command(name, ["env", f"{MARK}={mark}", *argv])
        return ContainerSession(command, host=name, mark=mark, kill=self._kill_elsewhere)

    def _make(self, request: HostRequest, root: Path, limits: flavors.Limits) -> None:
        # What is made is not asked for twice: it may be there although the engine did not say so.
        engine = self._engine(request.name, patience=0)
        labels = self.engine.labels(request.name)
        name = engine.project(request.name)
        network = f"{name}_default"
        address = self._claim_address(request)
        engine_root = self._elsewhere.root(request.name) if self._elsewhere else ""
        subnet = networks.create(
            engine,
            self._networks,
            request.name,
            name=network,
            network=self._network,
            labels=labels,
        )
        gateway = str(subnet[1])
        anchor.start(
            engine,
            name,
            root=engine_root or str(root),
            network=network,
            labels=labels,
            locks=self._hosts,
        )
        trusted = root / AUTHORITIES if request.authorities else None
        if trusted:
            trusted.write_text(f"{authorities.trusted_here()}\n{request.authorities}")
            trusted.chmod(0o644)  # for the users of all images
        if trusted and engine_root:
            send(trusted, anchor_of(name), environment=self.engine.at.environment())
        Project(
            name=name,
            root=str(root),
            network=network,
            subnet=str(subnet),
            gateway=gateway,
            address=address,
            labels=labels,
            names=self._seen(request.names, gateway),
            authorities=f"{engine_root or root}/{AUTHORITIES}" if trusted else "",
            memory=limits.memory,
            cpus=limits.cpus,
            limits_logs=engine.default_log_driver() == LIMITED_DRIVER,
            engine_root=engine_root,
        ).write()

    def _claim_address(self, request: HostRequest) -> str:
        if not self._elsewhere:
            return claim_address(self._addresses, request.name, PORTS)
        return claim_port(
            self._addresses,
            request.name,
            machine=self.engine.at.machine,
            installation=self.engine.installation,
        )

    def _seen(self, names: Mapping[str, str], gateway: str) -> dict[str, str]:
        """Return the addresses as containers reach them."""
        if self._elsewhere:
            return dict(names)
        return {
            host: gateway if ip_address(seen).is_loopback else seen for host, seen in names.items()
        }

    def _stop(self, name: str) -> None:
        processes.kill(self._root(name))
        self._engine(name).remove("container", name, filters=[ONE_OFF])
        if containers := self._containers(name):
            self._engine(name).run("stop", *containers, timeout=STOP_SECONDS)

    def _take_down(self, name: str) -> None:
        processes.kill(self._root(name))
        for kind in ("container", "volume", "network"):
            self._engine(name).remove(kind, name)
        if self._elsewhere:
            self._elsewhere.remove(self._engine(name), name, self.engine.labels(name))
        claims.release(self._networks, name)
        claims.release(self._addresses, name)

    def _empty(self, name: str) -> None:
        root = self._root(name)
        try:
            empty(root)
        except PermissionError:  # of users that only the engine may be
            anchor.empty(self._engine(name), root, labels=self.engine.labels(name))

    def _kill_elsewhere(self, variable: str) -> None:
        if self._elsewhere:
            self._elsewhere.kill(variable)

    def _engine(self, name: str, *, patience: float | None = None) -> Engine:
        seconds = self._patience if patience is None else patience
        return self.engine.of(self._root(name), patience=seconds)

    def _containers(self, name: str) -> Sequence[str]:
        return self.engine.resources("container").get(name, [])

    def _root(self, name: str) -> Path:
        check_name(name)
        if not NAME.fullmatch(name):
            raise ValidationError(
                [f"{name!r} cannot be the name of a docker host."],
                remedy="Use up to 51 lower-case letters, digits, dashes and underscores.",
            )
        return self._hosts / name

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise HostUnreachable(f"There is no docker host {name} in {self._hosts}.")
