"""The protocols that adapters implement: everything that Ocim needs of external systems.

Every method may raise `TransientError` (trying again may help) or `PermanentError` (somebody has to
change something first).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ocim.core.health import Probe, ProbeResult
from ocim.core.hosts import Host, HostRequest, Isolation, Leftover, Ran
from ocim.core.images import Image
from ocim.core.instance import Database, Search, SearchHost
from ocim.core.notices import Notice
from ocim.core.pages import Page
from ocim.core.provisioning import (
    ConfigurationSource,
    ProvisionEvent,
    ProvisionJob,
    ProvisionOutcome,
)
from ocim.core.routing import Routing


class Images(Protocol):
    """The images that a provider makes hosts from.

    Any number of processes may use them at once.
    """

    def base(self) -> str:
        """Return a digest of what a host without an image consists of."""

    def ensure(
        self,
        name: str,
        inputs: Mapping[str, str],
        build: Callable[[Host], None],
        *,
        is_cancelled: Callable[[], bool],
    ) -> bool:
        """Build the image unless it exists; return True if this call built it.

        `build` sets up a bare host, and the image is made of that host. Of several processes that
        need the image at once, one builds it and the others wait. Raise Cancelled once
        `is_cancelled` returns True. No image is left if `build` raises an error or this process
        dies.
        """

    def list(self) -> Sequence[Image]:
        """Return the existing images, newest first."""

    def remove(self, name: str) -> bool:
        """Remove the image unless a host needs it; return True if it was removed."""


class Provider(Protocol):
    """A source of hosts: it creates and destroys them.

    Hosts outlive the process that asked for them.
    """

    kind: str

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


class Provisioner(Protocol):
    """The port that turns a bare host and variables into an app server."""

    kind: str

    def isolation(self) -> Isolation:
        """Describe how the configuration's code is kept from the manager's files and processes."""

    def check(self, job: ProvisionJob) -> ConfigurationSource:
        """Check the job before a host is created; return the exact source that was checked.

        Raise ValidationError or PermanentError if the job cannot succeed. Raise Conflict if the job
        is to run migrations only and the configuration does not support that. `job.host` need not
        exist yet. The returned source names a commit instead of a branch, and has the URL BUILTIN
        if the job's source is Ocim's own configuration.
        """

    def find_playbook(self, source: ConfigurationSource) -> None:
        """Check that the source contains a playbook, without running it.

        Fetch the source if it has not been fetched yet. Raise ValidationError or PermanentError if
        it cannot be fetched or contains no playbook.
        """

    def image_inputs(self, job: ProvisionJob) -> Mapping[str, str]:
        """Return everything that the image part of the job depends on, without secrets.

        The values are words and digests. The job's source is one that `check` returned. Raise
        Conflict if the configuration does not declare which of its parts all instances share.
        """

    def files(
        self, source: ConfigurationSource
    ) -> AbstractContextManager[tuple[ConfigurationSource, Path]]:
        """Yield the exact source and a directory with its files, for reading; nothing is run.

        The files do not change within the block. A source that was fetched before is not fetched
        again, even if its branch has moved since. Raise ValidationError or PermanentError if the
        source or version does not exist.
        """

    def provision(
        self,
        job: ProvisionJob,
        *,
        on_event: Callable[[ProvisionEvent], None],
        is_cancelled: Callable[[], bool],
    ) -> ProvisionOutcome:
        """Provision the host and return the outcome; a second run on it changes nothing.

        The image part followed by the instance part gives the same result as the whole. Raise
        TransientError if the `image_inputs` of a part have changed. The part that runs migrations
        needs a host of its own and copies of the databases; its host serves no other purpose.

        `on_event` receives each event as it happens. `is_cancelled` is called once a second; once
        it returns True, the run is ended and Cancelled raised.
        """


class Balancer(Protocol):
    """A balancer sends requests for public names to app servers, over TLS."""

    kind: str

    def apply(self, routing: Routing) -> None:
        """Replace the whole routing in one step, without dropping a request."""

    def is_applied(self, digest: str) -> bool:
        """Return True if the balancer serves the routing with that digest now."""

    def authority(self) -> str:
        """Return the PEM certificate that clients must trust; empty if a public authority signs."""


class SqlSession(Protocol):
    """A connection to a database; settings and transactions last from statement to statement."""

    @property
    def in_transaction(self) -> bool:
        """True while a transaction is open that a statement has begun."""

    def execute(self, statement: str) -> int:
        """Run one SQL statement and return the number of rows that it affected.

        Commit at once unless a transaction is open. Raise PermanentError, with the reason, if the
        statement fails or exceeds the time limit; it has no effect then. Raise TransientError if
        the session is lost with its transaction; the next statement begins a new session.
        """


class Databases(Protocol):
    """The databases of instances on shared servers of one kind.

    Slow operations have a time limit of their own, and call `stopping.check`.
    """

    kind: str

    def ensure(self, database: Database) -> None:
        """Create the database and its account unless they exist, and set the account's password."""

    def drop(self, database: Database) -> None:
        """Remove the database and its account; do nothing if there are none."""

    def size(self, database: Database) -> int | None:
        """Return the size in bytes; None if the database does not exist."""

    def session(self, database: Database) -> AbstractContextManager[SqlSession]:
        """Open a session with the database's own account, for the block.

        What is not committed at its end is rolled back.
        """

    def dump(self, database: Database, path: Path) -> None:
        """Write the whole database to a file that only its owner can read.

        No file is left if that fails.
        """

    def restore(self, database: Database, path: Path) -> None:
        """Replace the whole content of the database by a file that `dump` wrote.

        It may be another database than the dumped one, with another account. Other sessions see
        either the old or the new content. The old content stays if this fails.
        """


class SearchServers(Protocol):
    """Search servers of one kind, each shared by several instances for their indexes."""

    kind: str

    def examine(self, host: SearchHost) -> str:
        """Return the server's version.

        Raise PermanentError if it is another kind of server, or the account has too few rights.
        """

    def ensure(self, host: SearchHost, place: Search) -> None:
        """Create the account unless it exists, set its password, and limit it to its prefix."""

    def drop(self, host: SearchHost, place: Search) -> None:
        """Remove the account and its indexes; do nothing if there are none."""

    def indexes(self, host: SearchHost, prefix: str) -> Mapping[str, int]:
        """Return the number of documents by index, for names that begin with the prefix."""

    def aliases(self, host: SearchHost, prefix: str) -> Mapping[str, str]:
        """Return the index of each alias whose name begins with the prefix."""


class Prober(Protocol):
    """A check of whether services answer; every fault is reported in the result."""

    def get(self, probe: Probe) -> ProbeResult:
        """Make the request and return the answer, within the probe's time limit for all of it.

        Redirects are not followed, and compressed bodies stay as they are.
        """


class Browser(Protocol):
    """An HTTP session with cookies. HTTP errors are returned, not raised."""

    def request(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Make the request, follow redirects, and return the last page.

        Requests other than GET carry the host's CSRF cookie in a header, as the scripts of pages
        do.
        """


class Browsers(Protocol):
    """The source of browser sessions, which reach instances through the balancer, without DNS."""

    def open(self, names: Collection[str], connect_to: str) -> AbstractContextManager[Browser]:
        """Open a session; requests for `names` (hosts without port) go to that `address:port`."""


class Notifier(Protocol):
    """A notifier sends notices to people, by e-mail for example."""

    kind: str

    def targets(self) -> Sequence[str]:
        """Return a stable name for each recipient, without secrets."""

    def send(self, target: str, notice: Notice) -> None:
        """Send the notice; return once it was accepted. Error messages contain no secret."""


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters that operations may use; by kind where there are several."""

    providers: Mapping[str, Provider]
    provisioner: Provisioner
    balancer: Balancer
    databases: Mapping[str, Databases]
    search: Mapping[str, SearchServers]
    prober: Prober
    browsers: Browsers
    notifier: Notifier
