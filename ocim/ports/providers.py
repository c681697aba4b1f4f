"""The port of sources of hosts."""

from collections.abc import Sequence
from typing import Protocol

from ocim.core.hosts import Host, HostRequest, Isolation, Leftover, Ran
from ocim.ports.images import Images


class Session(Protocol):
    """A command that stays on a host: it reads a line, answers, and waits for the next one.

    It ends when its standard input does, so also when this process or its connection does.
    """

    @property
    def is_open(self) -> bool:
        """True while the command runs, as far as this machine knows."""

    def ask(self, line: str, *, timeout: float) -> Ran:
        """Send a line, and return what the command prints until its answer ends.

        An answer ends with a line of `ANSWERED` and a status, which becomes the exit status. If the
        command ends instead, return its own exit status. Raise HostUnreachable if the host is gone,
        TransientError if the answer takes longer than `timeout` seconds. Then the session is
        closed, as it is if the job is to end.
        """

    def close(self) -> None:
        """End the command, unless it has ended."""


class Provider(Protocol):
    """A source of hosts: it creates and destroys them.

    Hosts outlive the process that asked for them.
    """

    kind: str
    is_shared: bool
    """True if all machines of the manager reach the same hosts; False if hosts are on the machine
    that created them."""

    @property
    def images(self) -> Images | None:
        """The provider's images; None if it cannot make hosts from images."""

    def isolation(self) -> Isolation:
        """Describe how a host's programs are kept from the manager and from other instances."""

    def check_flavor(self, flavor: str) -> None:
        """Raise ValidationError if no host of this provider can have the flavor.

        An empty flavor means any.
        """

    def create(self, request: HostRequest) -> Host:
        """Create a host; return the existing one if there is a host with that name."""

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return the host once commands can be run on it.

        Raise HostUnreachable after `timeout` seconds. A timeout of 0 checks once.
        """

    def find(self, name: str) -> Host | None:
        """Return the host with that name, running or not; None if there is none."""

    def list(self) -> Sequence[str]:
        """Return the names of all hosts that this provider has created and not destroyed."""

    def reboot(self, name: str) -> None:
        """Start the host again, with everything that was set up on it.

        Raise HostUnreachable if it does not exist.
        """

    def stop(self, name: str) -> None:
        """Stop the host and keep its files, so that `reboot` can start it again.

        Do nothing if it is not running.
        """

    def destroy(self, name: str) -> None:
        """Destroy the host and everything on it; do nothing if it does not exist."""

    def leftovers(self) -> Sequence[Leftover]:
        """Return resources of hosts that are neither in `list` nor being created."""

    def clear(self, leftover: Leftover) -> None:
        """Remove the leftover; do nothing if it is gone, or if a host uses it again."""

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """Return the command to start on this machine so that `argv` runs on the host.

        It works interactively, too.
        """

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """Run a command on the host to its end, and return its exit status and output.

        `stdin` is its standard input. Raise HostUnreachable if the host is gone, TransientError if
        the command takes longer than `timeout` seconds.
        """

    def open_session(self, name: str, argv: Sequence[str]) -> Session:
        """Start a command on the host that answers lines; the caller closes the session.

        Its thread must last as long as the session. Raise HostUnreachable if the host is gone.
        """
