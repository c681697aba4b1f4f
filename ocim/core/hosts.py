"""Hosts, requests for them, and ways to reach them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

UMASK = 0o022
"""File mode creation mask on hosts, whose services have users of their own; also of checkouts."""

VISIT = "LC_OCIM_VISIT"
"""Environment variable of everything that the manager runs on a machine by ssh, services apart.

By its prefix, servers accept it: the defaults of Debian, Ubuntu and RHEL accept `LC_*`.
"""


ANSWERED = "OCIM-ANSWERED: "
"""Prefix of the line with which a command ends its answer in a session; a status follows."""


DOCKER = "docker"
"""Kind of hosts that are containers of one project; Tutor alone provisions them, and no others."""


@dataclass(frozen=True, slots=True)
class HostRequest:
    """Request to a provider for a host."""

    name: str
    """Name of the host, unique in the installation; every later call uses it."""
    flavor: str = ""
    """Size of the machine, in the provider's own terms; empty: the provider's default."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Addresses by host name, which override the resolver for processes on the host."""
    authorities: str = ""
    """PEM certificates that processes on the host trust besides the system's."""
    image: str = ""
    """Name of an existing image to make the host from; empty: a bare host."""
    directories: tuple[str, ...] = ()
    """Directories of this machine that a `local` host may write to; created if missing."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Way by which commands and Ansible reach a host."""

    kind: Literal["local", "ssh", "docker"]
    user: str = ""
    port: int = 22
    key_file: str = ""
    known_hosts_file: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment of every process there: `PATH`, names and trust of a `local` host; the engine and
    the project of a `docker` host."""


@dataclass(frozen=True, slots=True)
class Host:
    """Existing host."""

    name: str
    provider: str
    address: str
    """Address at which the balancer and probes reach its services."""
    connection: Connection
    root: str = ""
    """Prefix of `/edx` in paths: empty on a machine, a directory on a `local` host. For a `docker`
    host, the directory of its project."""
    image: str = ""
    """Image that it was made from; empty if it was made bare."""
    shared: tuple[str, ...] = ()
    """Directories of this machine that a `local` host reads and shares with other hosts."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Leftover resource of a provider whose host is gone, after a crash or a manual clean-up."""

    what: str
    """Kind of resource, with its article, such as `an address`."""
    host: str = ""
    """Host that had it, and is gone; empty if it belonged to all hosts."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """Mechanism that keeps foreign code from the manager's files and processes."""

    kind: Literal["bubblewrap", "container", "machine", "memory", "none"]
    detail: str
    """Sentence that explains the mechanism, or says why there is none."""
    remedy: str = ""
    """Sentence that says how to get more of it; empty if nothing gives more."""
    limits: str = ""
    """Sentence that names the limits of memory, processes and files in force."""
    unlimited: tuple[str, ...] = ()
    """Names of the resources that have no limit."""

    @property
    def is_sandbox(self) -> bool:
        """True if there is any isolation."""
        return self.kind != "none"


@dataclass(frozen=True, slots=True)
class Ran:
    """Result of a command on a host: exit status and output."""

    status: int
    output: str
    errors: str = ""
