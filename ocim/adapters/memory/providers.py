"""Hosts that exist in memory only, and misbehave when told to."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from threading import Lock

from ocim.core.errors import Cancelled, HostUnreachable, TransientError, ValidationError
from ocim.core.hosts import Connection, Host, HostRequest, Isolation, Leftover, Ran
from ocim.core.images import Image

PAUSE = 0.02
BUILDER = "image-"


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
    images: dict[str, Image] = field(default_factory=dict)
    building: Lock = field(default_factory=Lock)
    base: str = "bare"
    leftovers: list[Leftover] = field(default_factory=list)
    answer: Callable[[str, Sequence[str], str], Ran] | None = None
    """What commands come to, by host, words and standard input."""

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
        self.images: MemoryImages | None = MemoryImages(self)
        """May be set to None by a test."""
        self.kept = Isolation("memory", "Nothing runs on its hosts.")

    def isolation(self) -> Isolation:
        """As a test wants it."""
        return self.kept

    def check_flavor(self, flavor: str) -> None:
        """Know two sizes."""
        if flavor not in ("", "small", "large"):
            raise ValidationError([f"flavor: {flavor!r} is neither 'small' nor 'large'."])

    def create(self, request: HostRequest) -> Host:
        """Add it to the cloud."""
        if request.image and request.image not in self.cloud.images:
            raise TransientError(f"The image {request.image} is gone.")
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
        image = self.cloud.requests[name].image
        return Host(name, self.kind, address, connection, image=image)

    def list(self) -> Sequence[str]:
        """The names of all in the cloud, but of one that an image is being made of."""
        is_building = self.cloud.building.locked()
        names = (
            one for one in self.cloud.requests if not (is_building and one.startswith(BUILDER))
        )
        return sorted(names)

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

    def leftovers(self) -> Sequence[Leftover]:
        """Those that the cloud was told to have."""
        return tuple(self.cloud.leftovers)

    def clear(self, leftover: Leftover) -> None:
        """Take it out of the cloud."""
        if leftover in self.cloud.leftovers:
            self.cloud.leftovers.remove(leftover)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """`argv` on this machine, with the host's environment."""
        settings = self._existing(name).connection.environment
        return ["env", *(f"{key}={value}" for key, value in settings.items()), *argv]

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """What the cloud's `answer` says; where there is none, `argv` on this machine."""
        argv = self.command(name, argv)
        if self.cloud.answer:
            return self.cloud.answer(name, argv, stdin)
        try:
            done = subprocess.run(
                argv, input=stdin, timeout=timeout, capture_output=True, text=True, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise TransientError(f"`{argv[0]}` did not end in {timeout:g} s.") from error
        return Ran(done.returncode, done.stdout, done.stderr)

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise HostUnreachable(f"There is no host {name}.")


class MemoryImages:
    """Images in the provider's cloud: nothing but their names."""

    def __init__(self, provider: MemoryProvider) -> None:
        self._provider = provider

    def base(self) -> str:
        """What was set."""
        return self._provider.cloud.base

    def ensure(
        self,
        name: str,
        inputs: Mapping[str, str],
        build: Callable[[Host], None],
        *,
        is_cancelled: Callable[[], bool],
    ) -> bool:
        """Build one at a time, whatever their names."""
        cloud = self._provider.cloud
        while not cloud.building.acquire(timeout=PAUSE):
            if is_cancelled():
                raise Cancelled("Waiting for the image was cancelled.")
        builder = f"{BUILDER}{name}"
        try:
            if name in cloud.images:
                return False
            self._provider.create(HostRequest(builder))
            build(self._provider.wait_until_reachable(builder, timeout=0))
            cloud.images[name] = Image(name, dict(inputs), datetime.now(UTC), size=0)
            return True
        finally:
            self._provider.destroy(builder)
            cloud.building.release()

    def list(self) -> Sequence[Image]:
        """With the hosts as they are now."""
        images = [
            replace(one, hosts=tuple(self._users(one.name)))
            for one in self._provider.cloud.images.values()
        ]
        return sorted(images, key=lambda one: one.built, reverse=True)

    def remove(self, name: str) -> bool:
        """Take it out of the cloud."""
        if self._users(name):
            return False
        return self._provider.cloud.images.pop(name, None) is not None

    def _users(self, name: str) -> Sequence[str]:
        requests = self._provider.cloud.requests
        return sorted(host for host, request in requests.items() if request.image == name)
