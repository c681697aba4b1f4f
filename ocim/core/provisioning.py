"""Provisioning runs: their inputs, events and outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from ocim.core.hosts import Host

BUILTIN = "builtin"
"""Name that stands for the URL of the built-in configuration repository."""
ANSIBLE = "ansible"
"""Kind of the provisioner that runs playbooks."""
TUTOR = "tutor"
"""Kind of the provisioner that runs Tutor; it stands for the URL of a configuration, too."""
PROVISIONERS = (ANSIBLE, TUTOR)
"""Kinds of provisioners, the possible values of an instance's `provisioner`."""


@dataclass(frozen=True, slots=True)
class ConfigurationSource:
    """Configuration that provisions an app server: playbooks for Ansible, or a Tutor."""

    repository_url: str
    """URL of the repository with the playbooks, BUILTIN, or TUTOR."""
    version: str
    """Version of the repository, or of Tutor: `22`, and exactly `22.0.3`."""
    playbook: str
    """File name; empty for Tutor."""

    @property
    def provisioner(self) -> str:
        """Kind of the provisioner that can run it."""
        return TUTOR if self.repository_url == TUTOR else ANSIBLE


class Part(StrEnum):
    """Part of a configuration that a run installs."""

    WHOLE = "whole"
    IMAGE = "image"
    """Software and settings that all instances have in common."""
    INSTANCE = "instance"
    """Rest of the configuration, on a host that was made from an image."""
    MIGRATIONS = "migrations"
    """Code and settings of the services, and their migrations on the databases that the variables
    name. No service is started; the outcome lists the migrations."""


@dataclass(frozen=True, slots=True)
class ProvisionJob:
    """Inputs of a provisioning run; `variables` may hold Secrets at any depth."""

    host: Host
    source: ConfigurationSource
    variables: Mapping[str, object]
    directories: tuple[str, ...] = ()
    """Directories of this machine that the run may use, besides the root of a `local` host."""
    task_timeout: float = 1800.0
    """Seconds without an event after which the run is stopped."""
    total_timeout: float = 3 * 3600.0
    """Seconds after which the run is stopped in any case."""
    part: Part = Part.WHOLE
    image_inputs: Mapping[str, str] = field(default_factory=dict)
    """Inputs of the image that the part belongs to (from `Provisioner.image_inputs`), or, for
    migrations, of the image that the host was made from, if any."""


class Transport(StrEnum):
    """Way by which Ansible transfers tasks to a host."""

    PLAIN = "plain"
    """Copy files; for hosts whose sudo requires a terminal."""
    PIPELINING = "pipelining"
    """Send tasks to the standard input of Python, without files."""
    MITOGEN = "mitogen"
    """Keep one Python process running; use pipelining for unsupported versions of Ansible."""


@dataclass(frozen=True, slots=True)
class ProvisionEvent:
    """Log line of a provisioning run, without secrets."""

    time: datetime
    level: Literal["debug", "info", "warning", "error"]
    text: str
    task: str = ""
    status: Literal["", "ok", "changed", "failed", "skipped", "unreachable"] = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class MigrationTexts:
    """Output of Django about the migrations of a service."""

    plan: str = ""
    """Output of `migrate --plan`; empty before Django 2.2, which has no such option."""
    log: str = ""
    """Output of `migrate --verbosity 2`, with the duration of each migration."""


@dataclass(frozen=True, slots=True)
class ProvisionOutcome:
    """Outcome of a run; on failure, with the failed task and its message."""

    ok: bool
    failed_task: str = ""
    message: str = ""
    changed: int = 0
    """Number of tasks that changed something; 0 on a second run."""
    migrations: Mapping[str, MigrationTexts] = field(default_factory=dict)
    """Migrations by service, after a run of the part `migrations`, even a failed one."""


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """A container image that was built."""

    name: str
    identifier: str
    """Id of the image on the engine."""
    pushed: str
    """Name with the digest that the registry has; empty if it was not pushed."""
