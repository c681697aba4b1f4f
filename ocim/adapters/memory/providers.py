"""Hosts in memory that fail when a test wants them to."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from threading import Lock

from ocim.adapters.sessions import CommandSession
from ocim.core.errors import Cancelled, HostUnreachable, TransientError, ValidationError
from ocim.core.hosts import Connection, Host, HostRequest, Isolation, Leftover, Ran
from ocim.core.images import Image
from ocim.ports.providers import Session

PAUSE = 0.02
BUILDER = "image-"


@dataclass
class Cloud:
    """The state of the hosts, which outlives a provider as real hosts outlive a manager."""

    requests: dict[str, HostRequest] = field(default_factory=dict)
    """Requests of all existing hosts, by name."""
    up: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    seconds_to_come_up: dict[str, float] = field(default_factory=dict)
    """Seconds until a host is reachable, by name; infinity for never. No time really passes."""
    addresses_given: dict[str, str] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)
    building: Lock = field(default_factory=Lock)
    base: str = "bare"
    leftovers: list[Leftover] = field(default_factory=list)
    answer: Callable[[str, Sequence[str], str], Ran] | None = None
    """A function that answers commands: from host, arguments and standard input."""
    sessions: list["MemorySession"] = field(default_factory=list)
    """Sessions that were opened, with those that are closed."""

    def lose(self, name: str) -> None:
        """Remove a host, as when its machine dies."""
        self.requests.pop(name, None)
        self.up.discard(name)
        self.stopped.discard(name)


class MemoryProvider:
    """A provider of hosts in a `cloud`; commands for them run on this machine."""

    def __init__(self, cloud: Cloud | None = None, *, kind: str = "memory") -> None:
        self.kind = kind
        self.is_shared = kind != "local"
        self.cloud = cloud or Cloud()
        self.images: MemoryImages | None = MemoryImages(self)
        """The provider's images; tests may set None."""
        self.kept = Isolation("memory", "Nothing runs on its hosts.")

    def isolation(self) -> Isolation:
        """Return the isolation that a test has set."""
        return self.kept

    def check_flavor(self, flavor: str) -> None:
        """Accept an empty flavor, `small` and `large`."""
        if flavor not in ("", "small", "large"):
            raise ValidationError([f"flavor: {flavor!r} is neither 'small' nor 'large'."])

    def create(self, request: HostRequest) -> Host:
        """Add the host to the cloud."""
        if request.image and request.image not in self.cloud.images:
            raise TransientError(f"The image {request.image} is gone.")
        addresses = self.cloud.addresses_given
        addresses.setdefault(request.name, str(IPv4Address("10.0.0.1") + len(addresses)))
        self.cloud.requests.setdefault(request.name, request)
        return self._existing(request.name)

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return or raise at once what would result after the wait."""
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
        """Return the host if it is in the cloud, else None."""
        if name not in self.cloud.requests:
            return None
        address = self.cloud.addresses_given[name]
        connection = Connection(kind="local", environment={"OCIM_MEMORY_HOST": name})
        image = self.cloud.requests[name].image
        return Host(name, self.kind, address, connection, image=image)

    def list(self) -> Sequence[str]:
        """Return the names of all hosts in the cloud, except those that become images."""
        is_building = self.cloud.building.locked()
        names = (
            name for name in self.cloud.requests if not (is_building and name.startswith(BUILDER))
        )
        return sorted(names)

    def reboot(self, name: str) -> None:
        """Take the host down; it comes up at the next wait."""
        self._existing(name)
        self.cloud.up.discard(name)
        self.cloud.stopped.discard(name)

    def stop(self, name: str) -> None:
        """Take the host down until it is rebooted."""
        if name in self.cloud.requests:
            self.cloud.up.discard(name)
            self.cloud.stopped.add(name)

    def destroy(self, name: str) -> None:
        """Remove the host from the cloud."""
        self.cloud.lose(name)

    def leftovers(self) -> Sequence[Leftover]:
        """Return the leftovers that a test has set."""
        return tuple(self.cloud.leftovers)

    def clear(self, leftover: Leftover) -> None:
        """Remove the leftover from the cloud."""
        if leftover in self.cloud.leftovers:
            self.cloud.leftovers.remove(leftover)

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """Return the command that runs `argv` on this machine with the host's environment."""
        settings = self._existing(name).connection.environment
        return ["env", *(f"{key}={value}" for key, value in settings.items()), *argv]

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """Return what the cloud's `answer` returns; without one, run `argv` on this machine."""
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

    def open_session(self, name: str, argv: Sequence[str]) -> Session:
        """Return a session that `answer` answers; without one, run `argv` on this machine."""
        session = MemorySession(self, name, self.command(name, argv))
        self.cloud.sessions.append(session)
        return session

    def _existing(self, name: str) -> Host:
        if host := self.find(name):
            return host
        raise HostUnreachable(f"There is no host {name}.")


class MemorySession:
    """A session with the cloud's `answer`, or else with a command that runs on this machine."""

    def __init__(self, provider: MemoryProvider, name: str, argv: Sequence[str]) -> None:
        self._provider = provider
        self._name = name
        self._argv = argv
        self._command = None if provider.cloud.answer else CommandSession(argv, host=name)
        self._is_closed = False

    @property
    def is_open(self) -> bool:
        """True until it is closed, or its command has ended."""
        return not self._is_closed and (self._command is None or self._command.is_open)

    def ask(self, line: str, *, timeout: float) -> Ran:
        """Return the answer; what `answer` returns takes no time."""
        if self._provider.find(self._name) is None:
            self.close()
            raise HostUnreachable(f"There is no host {self._name}.")
        if self._command:
            return self._command.ask(line, timeout=timeout)
        assert self._provider.cloud.answer  # noqa: S101 - it is never taken away
        return self._provider.cloud.answer(self._name, self._argv, line)

    def close(self) -> None:
        """End the command."""
        self._is_closed = True
        if self._command:
            self._command.close()


class MemoryImages:
    """Images in the provider's cloud: names without content."""

    def __init__(self, provider: MemoryProvider) -> None:
        self._provider = provider

    def base(self) -> str:
        """Return the digest that a test has set."""
        return self._provider.cloud.base

    def ensure(
        self,
        name: str,
        inputs: Mapping[str, str],
        build: Callable[[Host], None],
        *,
        is_cancelled: Callable[[], bool],
    ) -> bool:
        """Build an image unless it exists; builds of any names wait for one another."""
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
        """Return the images with their present hosts, newest first."""
        images = [
            replace(image, hosts=tuple(self._users(image.name)))
            for image in self._provider.cloud.images.values()
        ]
        return sorted(images, key=lambda image: image.built, reverse=True)

    def remove(self, name: str) -> bool:
        """Remove the image unless a host uses it; return True if it was removed."""
        if self._users(name):
            return False
        return self._provider.cloud.images.pop(name, None) is not None

    def _users(self, name: str) -> Sequence[str]:
        requests = self._provider.cloud.requests
        return sorted(host for host, request in requests.items() if request.image == name)
