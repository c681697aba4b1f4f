"""Hosts that exist in memory only, and misbehave when told to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from ocim.core.errors import HostUnreachable
from ocim.core.spec import Connection, Host, HostRequest, Remnant


@dataclass
class Cloud:
    """Where memory hosts live: what stays when a provider, like a manager, is started again."""

    requests: dict[str, HostRequest] = field(default_factory=dict)
    """Every host that exists, by name."""
    up: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    seconds_to_come_up: dict[str, float] = field(default_factory=dict)
    """By host; infinity: never. No time really passes."""
    addresses_given: dict[str, str] = field(default_factory=dict)
    remnants: list[Remnant] = field(default_factory=list)

    def lose(self, name: str) -> None:
        """Let a host vanish, as when a machine dies."""
        self.requests.pop(name, None)
        self.up.discard(name)
        self.stopped.discard(name)


class MemoryProvider:
    """Makes hosts in a `cloud`; commands for them run on this machine."""

    def __init__(self, cloud: Cloud | None = None, *, kind: str = "memory") -> None:
        self.kind = kind
        self.cloud = cloud or Cloud()

    def create(self, request: HostRequest) -> Host:
        """Add it to the cloud."""
        addresses = self.cloud.addresses_given
        addresses.setdefault(request.name, str(IPv4Address("10.0.0.1") + len(addresses)))
        self.cloud.requests.setdefault(request.name, request)
        return self._existing(request.name)

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Say at once what would be after the time it takes, or `timeout`."""
        host = self._existing(name)
        if name in self.cloud.up:
            return host
        left = self.cloud.seconds_to_come_up.get(name, 0.0) - timeout
        if name in self.cloud.stopped or left > 0:
            self.cloud.seconds_to_come_up[name] = max(0.0, left)
            raise HostUnreachable(f"Host {name} did not come up within {timeout:g} s.")
        self.cloud.up.add(name)
        return host

    def find(self, name: str) -> Host | None:
        """The host, if it is in the cloud."""
        if name not in self.cloud.requests:
            return None
        address = self.cloud.addresses_given[name]
        connection = Connection(kind="local", environment={"OCIM_MEMORY_HOST": name})
        return Host(name=name, provider=self.kind, address=address, connection=connection)

    def list(self) -> Sequence[str]:
        """The names of all in the cloud."""
        return sorted(self.cloud.requests)

    def reboot(self, name: str) -> None:
        """Take it down; it comes up when it is waited for."""
        self._existing(name)
        self.cloud.up.discard(name)
        self.cloud.stopped.discard(name)

    def stop(self, name: str) -> None:
        """Take it down, not to come up by itself."""
        if name in self.cloud.requests:
            self.cloud.up.discard(name)
            self.cloud.stopped.add(name)

    def destroy(self, name: str) -> None:
        """Take it out of the cloud."""
        self.cloud.lose(name)

    def remnants(self) -> Sequence[Remnant]:
        """Those that the cloud was told to have."""
        return tuple(self.cloud.remnants)

    def clear(self, remnant: Remnant) -> None:
        """Take it out of the cloud."""
        if remnant in self.cloud.remnants:
            self.cloud.remnants.remove(remnant)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """`argv` on this machine, with the host's environment."""
        settings = self._existing(name).connection.environment
        return ["env", *(f"{key}={value}" for key, value in settings.items()), *argv]

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise HostUnreachable(f"There is no host {name}.")
