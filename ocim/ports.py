"""What Ocim needs of the outside: the few protocols that adapters satisfy.

Every method may raise `TransientError` (may pass) or `PermanentError` (will not pass by itself).
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
    """Images that a provider makes hosts from. Any number of processes may use them at once."""

    def base(self) -> str:
        """What bare hosts are, as a digest."""

    def ensure(
        self,
        name: str,
        inputs: Mapping[str, str],
        build: Callable[[Host], None],
        *,
        is_cancelled: Callable[[], bool],
    ) -> bool:
        """Have the image; where it is missing, `build` sets up a bare host, of which it is made.

        Returns whether that was done here: of those that want it at once one builds, and the
        others wait for it, until `is_cancelled` says yes (Cancelled). What `build` raises leaves
        no image, and neither does a death in the middle of it.
        """

    def list(self) -> Sequence[Image]:
        """Those that are there, the newest first."""

    def remove(self, name: str) -> bool:
        """Take it away, unless a host needs it; whether it was."""


class Provider(Protocol):
    """Makes hosts and takes them away. Hosts outlive the process that asked for them."""

    kind: str

    @property
    def images(self) -> Images | None:
        """None where its hosts cannot be made from images."""

    def isolation(self) -> Isolation:
        """How what runs on its hosts is kept from the manager and from other instances."""

    def check_flavor(self, flavor: str) -> None:
        """Refuse (ValidationError) a flavor that no host of this provider can have.

        Empty means any.
        """

    def create(self, request: HostRequest) -> Host:
        """Ask for a host; a second call with the same name returns the host that is there."""

    def wait_until_reachable(self, name: str, *, timeout: float) -> Host:
        """Return when commands can be run on it; HostUnreachable after `timeout` seconds.

        It is asked once at least, so that 0 finds out whether it is up.
        """

    def find(self, name: str) -> Host | None:
        """The host of that name, up or not, or None where there is none."""

    def list(self) -> Sequence[str]:
        """The names of all hosts that this provider has made and not destroyed."""

    def reboot(self, name: str) -> None:
        """Start it (again) with all that was set up on it; HostUnreachable if there is none."""

    def stop(self, name: str) -> None:
        """Stop it and keep what is on it, for `reboot`; nothing happens if it is not up."""

    def destroy(self, name: str) -> None:
        """Take it away with all that is on it; nothing happens if there is none."""

    def leftovers(self) -> Sequence[Leftover]:
        """What is left besides the hosts of `list`, and of those that are being made just now."""

    def clear(self, leftover: Leftover) -> None:
        """Take it away; nothing happens if it is gone, or a host's again."""

    def command(self, name: str, argv: Sequence[str]) -> Sequence[str]:
        """What to start on this machine so that `argv` runs there, interactively too."""

    def run(self, name: str, argv: Sequence[str], *, stdin: str = "", timeout: float) -> Ran:
        """Run it there to its end, with `stdin` as its standard input, whatever its status.

        HostUnreachable where the host is gone; TransientError where it takes over `timeout`
        seconds.
        """


class Provisioner(Protocol):
    """Turns a bare host and variables into an app server."""

    kind: str

    def isolation(self) -> Isolation:
        """How what is run is kept from the manager's own files and processes."""

    def check(self, job: ProvisionJob) -> ConfigurationSource:
        """Refuse (ValidationError, PermanentError) what cannot work, before a host is asked for.

        Conflict where the configuration does not say how to run migrations alone, and the job
        is that part.
        `job.host` may be a host that does not exist yet. Returns the source that was checked, with
        a version that never comes to mean anything else, as a branch does; and with BUILTIN for
        its URL where Ocim's own configuration is what it leads to.
        """

    def find_playbook(self, source: ConfigurationSource) -> None:
        """Refuse (ValidationError, PermanentError) a source that leads to no playbook.

        It is fetched where it has not been yet, and nothing of it is run.
        """

    def image_inputs(self, job: ProvisionJob) -> Mapping[str, str]:
        """All that the image part of the job depends on, in words and digests, without secrets.

        The job's source is one that `check` returned. Conflict where the configuration does not
        say what no instance differs in.
        """

    def files(
        self, source: ConfigurationSource
    ) -> AbstractContextManager[tuple[ConfigurationSource, Path]]:
        """The configuration's files for reading, as they are within the block; nothing is run.

        What was fetched before is not asked for again, even if its branch has moved since: the
        exact source that comes with the files says where they were. ValidationError or
        PermanentError where there is no such source or version.
        """

    def provision(
        self,
        job: ProvisionJob,
        *,
        on_event: Callable[[ProvisionEvent], None],
        is_cancelled: Callable[[], bool],
    ) -> ProvisionOutcome:
        """Run to the end; a second run on the same host changes nothing.

        The image part and then the instance part give what the whole gives. A part whose
        `image_inputs` are no longer what they were is not run: TransientError. The part that runs
        migrations is for a host of its own and for copies of databases: what it leaves is of no
        use for anything else.

        `on_event` is called as things happen. `is_cancelled` is asked about once a second;
        once it says yes, the run is ended and Cancelled raised.
        """


class Balancer(Protocol):
    """Sends public names to app servers, over TLS."""

    kind: str

    def apply(self, routing: Routing) -> None:
        """Replace all that it serves, in one step, without dropping a request."""

    def is_applied(self, digest: str) -> bool:
        """Whether the routing with that digest is what it serves now."""

    def authority(self) -> str:
        """The PEM certificate that clients must trust; empty where public ones sign."""


class SqlSession(Protocol):
    """One connection to a database: what a statement sets or begins, the next ones find."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open that a statement has begun."""

    def execute(self, statement: str) -> int:
        """Run one SQL statement; how many rows it touched.

        It is committed at once, unless a transaction is open. Where it fails, or takes longer than
        it may, it has no effect: PermanentError with the reason. TransientError where the session
        is lost with all that it held; the next statement begins a new one.
        """


class Databases(Protocol):
    """Instance databases on a shared server of one kind.

    What takes long has a time limit of its own, and asks `stopping.check`.
    """

    kind: str

    def ensure(self, database: Database) -> None:
        """Make database and account where they are missing, and set the account's password."""

    def drop(self, database: Database) -> None:
        """Remove database and account; nothing happens if there are none."""

    def size(self, database: Database) -> int | None:
        """In bytes; None where it does not exist."""

    def session(self, database: Database) -> AbstractContextManager[SqlSession]:
        """Open a session with the database's own account, for the block.

        What is not committed when it ends is rolled back.
        """

    def dump(self, database: Database, path: Path) -> None:
        """Write all that is in it to a file for its owner only: the whole of it, or no file."""

    def restore(self, database: Database, path: Path) -> None:
        """Replace all that is in it by what `dump` wrote: the whole of it, or nothing.

        It may be another database than the one that was dumped, with another account. Whoever uses
        it meanwhile sees one or the other.
        """


class SearchServers(Protocol):
    """Servers that instances share for their search indexes, all of one kind."""

    kind: str

    def examine(self, host: SearchHost) -> str:
        """Its version; PermanentError where it is of no use: another server, too few rights."""

    def ensure(self, host: SearchHost, place: Search) -> None:
        """Make the account where it is missing, set its password, limit it to its prefix."""

    def drop(self, host: SearchHost, place: Search) -> None:
        """Remove account and indexes; nothing happens if there are none."""

    def indexes(self, host: SearchHost, prefix: str) -> Mapping[str, int]:
        """The indexes whose names begin so, and how many documents each has."""

    def aliases(self, host: SearchHost, prefix: str) -> Mapping[str, str]:
        """The aliases whose names begin so, and the index that each means."""


class Prober(Protocol):
    """Looks whether something answers. Never raises for what it finds: the result says it."""

    def get(self, probe: Probe) -> ProbeResult:
        """Make the request and say what came back, within the probe's time as a whole.

        Redirects are not followed, and nothing is unpacked.
        """


class Browser(Protocol):
    """One visitor, with the cookies that he was given. Never raises for what he finds."""

    def request(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Make the request, follow where it is redirected, and return where that ends.

        What changes something carries the host's CSRF cookie in a header, as pages' scripts do.
        """


class Browsers(Protocol):
    """Visitors of instances, who find them by the balancer and not by a resolver."""

    def open(self, names: Collection[str], connect_to: str) -> AbstractContextManager[Browser]:
        """A new visitor; requests for `names` (hosts, without port) go to that `address:port`."""


class Notifier(Protocol):
    """Tells people of something, by mail and the like."""

    kind: str

    def targets(self) -> Sequence[str]:
        """Who is to be told, by names that are stable and hold nothing secret."""

    def tell(self, target: str, notice: Notice) -> None:
        """Return when it was taken; a failure's words hold nothing secret either."""


@dataclass(frozen=True, slots=True)
class Adapters:
    """Everything that operations may reach, by kind where there are several."""

    providers: Mapping[str, Provider]
    provisioner: Provisioner
    balancer: Balancer
    databases: Mapping[str, Databases]
    search: Mapping[str, SearchServers]
    prober: Prober
    browsers: Browsers
    notifier: Notifier
