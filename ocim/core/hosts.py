"""Hosts: what a provider is asked for, and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class HostRequest:
    """What a provider is asked for."""

    name: str
    """Unique in the installation; the key of every later call."""
    flavor: str = ""
    """The server's size, in the provider's own words; empty for its default."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Host name → address, for processes on the host, over what the resolver says."""
    authorities: str = ""
    """PEM certificates that processes on the host trust besides the system's."""
    image: str = ""
    """The image that it is made from, which is there; empty for a bare host."""
    directories: tuple[str, ...] = ()
    """What a `local` host may write on this machine besides its root; made where missing."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How commands and Ansible get onto a host."""

    kind: Literal["local", "ssh"]
    user: str = ""
    port: int = 22
    key_file: str = ""
    known_hosts_file: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Set for every process that is started there (a `local` host's PATH, names and trust)."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host that exists."""

    name: str
    provider: str
    address: str
    """Where its services are reached, by the balancer and by probes."""
    connection: Connection
    root: str = ""
    """What stands before `/edx`: empty on a machine, a directory on a `local` host."""
    image: str = ""
    """The image that it was made from; empty where it was bare."""
    shared: tuple[str, ...] = ()
    """What a `local` host reads on this machine besides its root, and others read as well."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something of a provider's that no host has any more, after a crash or a clean-up by hand."""

    what: str
    """As in `an address`."""
    host: str = ""
    """The host that had it, and is gone; empty where it belonged to all of them."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """How code that Ocim does not own is kept from the manager's files and processes."""

    kind: Literal["bubblewrap", "container", "machine", "memory", "none"]
    detail: str
    """One sentence: what it means, or why there is none."""
    limits: str = ""
    """One sentence: which limits of memory, processes and files are in force."""
    unlimited: tuple[str, ...] = ()
    """Resources that code can use up."""

    @property
    def is_sandbox(self) -> bool:
        """Whether it is kept from them at all."""
        return self.kind != "none"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command on a host ended."""

    status: int
    output: str
    errors: str = ""
