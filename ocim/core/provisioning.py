"""Provisioning runs: what is to be installed, how it goes on, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from ocim.core.hosts import Host

BUILTIN = "builtin"
"""What stands for the URL of the configuration that Ocim brings."""


@dataclass(frozen=True, slots=True)
class ConfigurationSource:
    """Which Ansible configuration provisions an app server."""

    repository_url: str
    version: str
    playbook: str


class Part(StrEnum):
    """How much of a configuration a run installs."""

    WHOLE = "whole"
    IMAGE = "image"
    """What no instance differs in."""
    INSTANCE = "instance"
    """The rest, on a host that was made from an image."""
    MIGRATIONS = "migrations"
    """Code and settings of the services, and the migrations of the databases that the variables
    name; nothing is started. What they were is in the outcome."""


@dataclass(frozen=True, slots=True)
class ProvisionJob:
    """One provisioning run; `variables` may hold Secret values at any depth."""

    host: Host
    source: ConfigurationSource
    variables: Mapping[str, object]
    directories: tuple[str, ...] = ()
    """What the run may use on this machine besides a `local` host's root; made where missing."""
    task_timeout: float = 1800.0
    """Seconds without an event after which the run is ended."""
    total_timeout: float = 3 * 3600.0
    """Seconds after which the run is ended whatever it does."""
    part: Part = Part.WHOLE
    image_inputs: Mapping[str, str] = field(default_factory=dict)
    """Of the image that a part belongs to, as `Provisioner.image_inputs` gave them; for migrations
    of the one that the host was made from, if any."""


class Transport(StrEnum):
    """How the steps of a run get onto a host."""

    PLAIN = "plain"
    """As files: for hosts whose sudo wants a terminal."""
    PIPELINING = "pipelining"
    MITOGEN = "mitogen"
    """Into a Python that stays there; pipelining where it is not known to work with the Ansible."""


@dataclass(frozen=True, slots=True)
class ProvisionEvent:
    """One line of a provisioning run, secrets already taken out."""

    time: datetime
    level: Literal["debug", "info", "warning", "error"]
    text: str
    task: str = ""
    status: Literal["", "ok", "changed", "failed", "skipped", "unreachable"] = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class MigrationTexts:
    """What Django printed of a service's migrations."""

    plan: str = ""
    """`migrate --plan`: what is to be done. Empty before Django 2.2, which cannot say it."""
    log: str = ""
    """`migrate --verbosity 2`: what was done, and how long it took."""


@dataclass(frozen=True, slots=True)
class ProvisionOutcome:
    """How a run ended; on failure the task that failed and what it said."""

    ok: bool
    failed_task: str = ""
    message: str = ""
    changed: int = 0
    """How many tasks changed something: 0 on a second run."""
    migrations: Mapping[str, MigrationTexts] = field(default_factory=dict)
    """What the part `migrations` came upon, by service; also where it failed."""
