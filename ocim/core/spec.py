"""Frozen values that the parts of Ocim hand to one another."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Secret:
    """A text that must not be seen. It prints as `********`; `reveal()` is the only way in."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for files that only the reader may open, never for logs."""
        return self._text

    def __repr__(self) -> str:
        return "********"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Service(StrEnum):
    """The services of an Open edX instance that answer under a domain of their own."""

    LMS = "lms"
    STUDIO = "studio"
    ECOMMERCE = "ecommerce"
    DISCOVERY = "discovery"


ALWAYS = frozenset({Service.LMS, Service.STUDIO})
"""The services that every instance has."""


@dataclass(frozen=True, slots=True)
class Domains:
    """The public host names of an instance, without port."""

    lms: str
    preview: str
    studio: str
    ecommerce: str
    discovery: str
    external: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further names by service (`lms`, `studio`, …): what learners see where it is set."""

    def all(self) -> tuple[str, ...]:
        """Every name once, internal ones first."""
        names = [self.lms, self.preview, self.studio, self.ecommerce, self.discovery]
        names += [name for of_service in self.external.values() for name in of_service]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Database:
    """One database on a shared server, with the account that may use it.

    `kind` is the server's: `sqlite` (then `name` is a file's path and the rest is empty),
    `mysql` or `postgresql`.
    """

    kind: str
    name: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class Broker:
    """An instance's place on the server that carries its Celery messages."""

    kind: Literal["rabbitmq", "redis"]
    host: str
    port: int
    user: str
    password: Secret
    vhost: str
    """As a URL's path: `/campus` is RabbitMQ's virtual host, `/0` the number of Redis' database."""


@dataclass(frozen=True, slots=True)
class SearchHost:
    """A server of search indexes, with an account that may make others."""

    url: str
    """Without account, with a slash at the end."""
    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Search:
    """An instance's place on the server that holds Course Discovery's indexes."""

    url: str
    """Without account, with a slash at the end."""
    index_prefix: str
    """What the names of its indexes begin with: others are on the server too."""
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class Instance:
    """What an operator has said of one instance: the input of everything that is generated."""

    id: int
    name: str
    email: str
    domains: Domains
    openedx_release: str
    edx_platform_repository_url: str
    edx_platform_commit: str
    configuration_source_repo_url: str
    configuration_version: str
    configuration_playbook_name: str
    time_zone: str
    databases: Mapping[str, Database]
    """By what they are for: `edxapp`, `ecommerce`, `discovery`, …"""
    storage_directory: str
    """Where what is uploaded outlives the app servers (a path that the host sees)."""
    public_port: int = 443
    """The balancer's https port: part of every public address where it is not 443."""
    services: frozenset[Service] = ALWAYS
    broker: Broker | None = None
    """None where every app server has one of its own, as upstream's playbooks make it."""
    search: Search | None = None
    partner_code: str = ""
    """Of its shop and its catalogue; empty where its settings say it, or nobody does."""
    currency: str = ""
    """Of ISO 4217; empty: upstream's."""
    payment_processors: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Their keys (Secrets among them) by name."""


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
class Image:
    """What hosts are made from on which all that no instance differs in is installed already."""

    name: str
    """A digest of `inputs`: other inputs, another image."""
    inputs: Mapping[str, str]
    """All that it depends on."""
    built: datetime
    size: int
    """In bytes."""
    hosts: tuple[str, ...] = ()
    """The names of the hosts that were made from it and are still there."""


@dataclass(frozen=True, slots=True)
class Remnant:
    """Something of a provider's that no host has any more, after a crash or a clean-up by hand."""

    what: str
    """As in `an address`."""
    host: str = ""
    """The host that had it, and is gone; empty where it belonged to all of them."""


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


@dataclass(frozen=True, slots=True)
class Site:
    """One set of public names and where their requests go."""

    domains: tuple[str, ...]
    upstreams: tuple[str, ...]
    """`address:port` of each app server in use; empty shows the holding page, with 503."""
    health_path: str = ""
    """Asked of several upstreams by the balancer; one that does not answer 200 gets no traffic.

    One alone is not asked: its own answer says more than the balancer's.
    """
    host_header: str = ""
    """Sent instead of the public name; for preview addresses."""
    user: str = ""
    password_hash: str = ""
    """bcrypt; where it is set, name and password are asked for."""


@dataclass(frozen=True, slots=True)
class Routing:
    """All that the balancer has to know."""

    sites: tuple[Site, ...]

    @property
    def digest(self) -> str:
        """The same for equal routings, whatever process computes it."""
        names = [item.name for item in fields(Site)]
        text = json.dumps([[getattr(site, name) for name in names] for site in self.sites])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command on a host ended."""

    status: int
    output: str
    errors: str = ""


NoticeKind = Literal["info", "success", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told who do not look; nothing secret is in it."""

    title: str
    text: str
    """Lines."""
    kind: NoticeKind = "info"


@dataclass(frozen=True, slots=True)
class Probe:
    """One HTTP GET that says whether something works, and what a right answer to it is."""

    name: str
    url: str
    connect_to: str = ""
    """`address:port` to connect to instead of what the URL's host resolves to."""
    expect_status: int = 200
    expect_type: str = ""
    """Media type of the answer, as `application/json`; empty: any will do."""
    expect_text: str = ""
    """Must occur in the body; empty: any body will do."""
    expect_fields: Mapping[str, object] = field(default_factory=dict)
    """Members of the JSON object that the body must be, and their values."""
    expect_statuses: bool = False
    """The body must be a JSON object that calls one part of the service well, and none unwell."""
    longest: int = 64 * 1024
    """Bytes that the body may have; no more are read."""
    timeout: float = 10.0
    """Seconds for all of it: connecting, TLS, headers and body."""


EXCERPT = 2000
"""Characters of a body that are kept as evidence."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came back. `status` is None where there was no answer; `error` then says why.

    With a status, `error` says why the body could not be read as it was meant.
    """

    probe: Probe
    status: int | None = None
    error: str = ""
    body: str = ""
    """At most as many bytes as the probe allows."""
    content_type: str = ""
    timed_out: bool = False
    """There is no answer because the time was over; who refuses or hangs up did not time out."""
    seconds: float = 0.0

    @property
    def excerpt(self) -> str:
        """The beginning of the body."""
        return self.body[:EXCERPT]
