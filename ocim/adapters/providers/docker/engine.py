"""A Docker engine, commanded by the Docker CLI."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ocim.adapters.docker_projects import PAUSE, SECONDS, EngineAddress, docker
from ocim.adapters.providers import processes
from ocim.core import stopping
from ocim.core.errors import PermanentError

HOST = "ocim.host"
INSTALLATION = "ocim.installation"
PROJECT = "com.docker.compose.project"
ONE_OFF = "com.docker.compose.oneoff=True"
"""Label of the containers that `docker compose run` makes."""
LISTS = {
    "container": ("container", "ls", "--all", "--no-trunc"),
    "network": ("network", "ls", "--no-trunc"),
    "volume": ("volume", "ls"),
}
REMOVALS = {
    "container": ("container", "rm", "--force", "--volumes"),
    "network": ("network", "rm"),
    "volume": ("volume", "rm", "--force"),
}
DESCRIBE_SECONDS = 10.0
"""A page waits for it."""
ATTEMPTS = 20


@dataclass(frozen=True)
class Engine:
    """An engine, and what it has of one installation."""

    at: EngineAddress
    installation: str
    """Differs between installations; projects are called HOST-INSTALLATION."""
    root: Path | None = None
    """Directory of the host whose commands are run: they are killed with its other processes."""
    patience: float = 0.0
    """Seconds to wait for an engine that does not answer; commands may be sent twice then."""

    def of(self, root: Path, *, patience: float) -> "Engine":
        """Return the engine for commands on the host with that directory."""
        return replace(self, root=root, patience=patience)

    def run(self, *argv: str, timeout: float = SECONDS) -> str:
        """Run the Docker CLI, and return its output.

        Raise TransientError if the engine does not answer, PermanentError with its message if it
        refuses.
        """
        mark = {processes.MARK: str(self.root)} if self.root else {}
        environment = {**self.at.environment(), **mark}
        return docker(argv, environment=environment, timeout=timeout, patience=self.patience)

    def describe(self) -> tuple[str, bool]:
        """Return the engine's version, and True if it runs without root."""
        version, _, options = self.run(
            "info",
            "--format",
            "{{.ServerVersion}} {{json .SecurityOptions}}",
            timeout=DESCRIBE_SECONDS,
        ).partition(" ")
        return version, "name=rootless" in (json.loads(options) or ())

    def default_log_driver(self) -> str:
        """Return the log driver of containers that name none."""
        return self.run("info", "--format", "{{.LoggingDriver}}").strip()

    def project(self, host: str) -> str:
        """Return the name of the host's project."""
        return f"{host}-{self.installation}"

    def labels(self, host: str) -> dict[str, str]:
        """Return the labels of everything that is made for the host."""
        return {HOST: host, INSTALLATION: self.installation}

    def resources(self, kind: str, *, filters: Sequence[str] = ()) -> dict[str, list[str]]:
        """Return the ids of containers, networks or volumes by host, gone or not."""
        name = "Name" if kind == "volume" else "ID"
        fields = [f'{{{{.Label "{label}"}}}}' for label in (INSTALLATION, HOST, PROJECT)]
        chosen = [word for label in filters for word in ("--filter", f"label={label}")]
        form = "\t".join([f"{{{{.{name}}}}}", *fields])
        found: dict[str, list[str]] = {}
        for line in self.run(*LISTS[kind], *chosen, "--format", form).splitlines():
            identifier, installation, host, project = line.split("\t")
            if installation != self.installation:
                # Compose gives its own labels to everything, also to what it makes unasked.
                host, _, installation = project.rpartition("-")
            if installation == self.installation:
                found.setdefault(host, []).append(identifier)
        return found

    def remove(self, kind: str, host: str, *, filters: Sequence[str] = ()) -> None:
        """Remove all containers, networks or volumes of the host; raise the error if some stay.

        A client that was just killed may still get what it asked for, so look again.
        """
        for attempt in range(ATTEMPTS):
            if not (left := self.resources(kind, filters=filters).get(host)):
                return
            try:
                self.run(*REMOVALS[kind], *left)
            except PermanentError:  # another process may be removing the same
                if attempt == ATTEMPTS - 1:
                    raise
                stopping.wait(PAUSE)


def as_options(labels: Mapping[str, str]) -> list[str]:
    """Return the labels as options of the Docker CLI."""
    return [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
