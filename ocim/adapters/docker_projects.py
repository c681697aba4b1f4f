"""Compose projects: how an app server's containers are made, as its provider wants them.

The provider writes the project beside the app server's files when it makes the host; whoever makes
the containers reads it there.
"""

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml

from ocim.adapters import programs
from ocim.adapters.authorities import ENVIRONMENT, TRUSTED
from ocim.adapters.files import write_whole
from ocim.core import stopping
from ocim.core.errors import HostUnreachable, PermanentError, TransientError

FILE = "ocim.json"
PATIENCE = 120.0
"""Seconds to wait for an engine that does not answer: it stops containers before it starts anew."""
PAUSE = 0.5
"""Seconds between two attempts to reach an engine."""
SECONDS = 120.0
"""Seconds that a command of the Docker CLI may take."""
ATTEMPTS = 3
"""Number of attempts to copy files to an engine that goes away meanwhile."""
_NO_DIRECTORY = "no such directory"
_LOST = (
    *("cannot connect to the docker daemon", "error during connect", "trying to connect"),
    "failed to connect to the docker api",
    *("unexpected eof", "connection reset by peer"),
    "is too new. maximum supported api version",  # the engine did not answer when it was asked
)
LIMITED_DRIVER = "json-file"
"""Log driver that keeps everything, unless it is told otherwise: Docker's own default."""
LOG_LIMITS = {"max-size": "50m", "max-file": "3"}
STOP_GRACE = 60
"""Seconds that a service has to end, as for Celery's tasks; Docker's own default is 10."""
ANCHOR_IMAGE = "ocim-anchor:2"
"""Image of a shell and a few programs, which every engine with hosts has."""
ANCHOR_PLACE = "/host"
"""Place of the host's directory in containers of that image."""
COMPOSE_FILES = "env/local"
"""Directory of a host that the paths in its compose files are relative to."""


class EngineAddress(Protocol):
    """A way to a Docker engine."""

    @property
    def address(self) -> str:
        """Value of DOCKER_HOST."""

    @property
    def is_elsewhere(self) -> bool:
        """True if the engine is on another machine."""

    @property
    def machine(self) -> str:
        """IP address of the engine's machine, if that is another one."""

    def environment(self) -> dict[str, str]:
        """Return the whole environment of programs that command the engine.

        Raise PermanentError if the Docker CLI is not installed.
        """


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """An engine of this machine, at a socket."""

    address: str
    is_elsewhere = False
    machine = ""

    def environment(self) -> dict[str, str]:
        return engine_environment(self.address)


@dataclass(frozen=True, slots=True)
class Project:
    """The compose project of an app server."""

    name: str
    """Name of the project, unique on the engine; containers are called NAME-SERVICE-1."""
    root: str
    """Directory of the app server's files on this machine."""
    network: str
    """Network of all containers, which exists as long as the host."""
    subnet: str
    gateway: str
    """Address at which containers reach the engine's machine."""
    address: str
    """Address for the services that are published: a loopback address of this machine, or the
    engine machine's address and a port."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of everything that belongs to the host."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Addresses by host name, for all containers."""
    authorities: str = ""
    """PEM file on the engine's machine with all authorities that containers trust; empty: the
    images' own."""
    memory: int | None = None
    """Maximum memory of each container in bytes; None: no limit."""
    cpus: float | None = None
    """Maximum number of processors of each container; None: no limit."""
    stop_grace: int = STOP_GRACE
    """Seconds that a service has to end."""
    limits_logs: bool = True
    """True if each container keeps its last 150 MB of log lines; False: the engine decides."""
    engine_root: str = ""
    """Directory of a copy of the files on the engine's machine; empty if that is this machine."""

    @property
    def anchor(self) -> str:
        """Name of the container that stands for the host."""
        return anchor_of(self.name)

    @classmethod
    def read(cls, root: str | Path) -> "Project":
        """Return the project of the host with that directory.

        Raise HostUnreachable if the host is gone or incomplete.
        """
        try:
            fields: dict[str, Any] = json.loads(Path(root, FILE).read_text())
        except FileNotFoundError:
            raise HostUnreachable(f"There is no docker host in {root}.") from None
        return cls(**fields)

    def write(self) -> None:
        """Write the project to its directory in one step."""
        write_whole(Path(self.root, FILE), json.dumps(asdict(self)))

    def override(self, services: Sequence[str], environment: Mapping[str, str]) -> str:
        """Return the compose file that fits the services into the host, to be given last.

        `environment`: variables that all services get, beside those of the host.
        """
        network = {"default": {"name": self.network, "external": True}}
        each = {service: self._service(environment) for service in services}
        return yaml.safe_dump({"services": each, "networks": network}, sort_keys=False)

    def compose(self, files: Sequence[str | Path], *argv: str) -> list[str]:
        """Return the command that runs `docker compose` on the project made of the files."""
        named = [word for file in files for word in ("--file", str(file))]
        if self.engine_root:
            named += ["--project-directory", f"{self.engine_root}/{COMPOSE_FILES}"]
        return ["docker", "compose", *named, "--project-name", self.name, *argv]

    def _service(self, environment: Mapping[str, str]) -> dict[str, Any]:
        service: dict[str, Any] = {
            "labels": dict(self.labels),
            "stop_grace_period": f"{self.stop_grace}s",
            "environment": {**environment, **(ENVIRONMENT if self.authorities else {})},
        }
        if self.limits_logs:
            service["logging"] = {"driver": LIMITED_DRIVER, "options": dict(LOG_LIMITS)}
        if self.names:
            service["extra_hosts"] = dict(self.names)
        if self.authorities:
            service["volumes"] = [f"{self.authorities}:{TRUSTED}:ro"]
        if self.memory is not None:
            service["mem_limit"] = self.memory
        if self.cpus is not None:
            service["cpus"] = self.cpus
        return service


def anchor_of(project: str) -> str:
    """Return the name of the container that stands for the project's host."""
    return f"{project}-anchor"


def is_lost(message: str) -> bool:
    """Return True if a program's message says that the engine does not answer, or no more."""
    return any(words in message.lower() for words in _LOST)


def engine_environment(engine: str) -> dict[str, str]:
    """Return the whole environment of programs that command the engine, an address as DOCKER_HOST.

    Raise PermanentError if the Docker CLI is not installed.
    """
    client = Path(programs.of_system("docker", package="docker.io"))
    own = {name: os.environ[name] for name in ("HOME", "DOCKER_CONFIG") if name in os.environ}
    path = f"{client.parent}:{programs.SYSTEM_PATH}"
    return {"DOCKER_HOST": engine, "PATH": path, "LANG": "C.UTF-8", **own}


def docker(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    timeout: float = SECONDS,
    patience: float = PATIENCE,
) -> str:
    """Run a command of the Docker CLI, which may be sent twice, and return its output.

    `environment`: the whole environment, see engine_environment.

    Raise TransientError if the engine does not answer for `patience` seconds or the command does
    not end in `timeout` seconds, PermanentError with the engine's message if it refuses.
    """
    name = f"`docker {' '.join(argv[:2])}`"
    deadline = time.monotonic() + patience
    while True:
        try:
            ran = programs.capture(
                ["docker", *argv], timeout=timeout, env=environment, cwd=Path("/")
            )
        except subprocess.TimeoutExpired:
            raise TransientError(f"{name} did not end in {timeout:g} s.") from None
        if not ran.status:
            return ran.output
        message = ran.errors.strip().rstrip(".") or f"exit status {ran.status}"
        if not is_lost(message):
            raise PermanentError(f"{name} failed: {message}.")
        if time.monotonic() >= deadline:
            raise TransientError(
                f"The Docker engine at {environment['DOCKER_HOST']} does not answer: {message}.",
                remedy="Start it, let this user command it, or correct OCIM_DOCKER_ENGINE.",
            )
        stopping.wait(PAUSE)


def send(path: Path, anchor: str, *, environment: Mapping[str, str]) -> None:
    """Copy a file or a directory to the host's directory on the engine's machine.

    `anchor`: name of the container that stands for the host. Raise as `docker` does.
    """
    for attempt in range(ATTEMPTS):
        docker(["version"], environment=environment)  # waits for the engine
        try:
            docker(["cp", str(path), f"{anchor}:{ANCHOR_PLACE}/"], environment=environment)
        except PermanentError as error:
            # The Docker CLI says so of an engine that goes away just then.
            if _NO_DIRECTORY not in error.problem or attempt == ATTEMPTS - 1:
                raise
        else:
            return
