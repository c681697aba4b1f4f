"""Specification of an instance, with its services, domains, databases and queues."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from ocim.core.content import ContentAccount
from ocim.core.mail import MailRelay
from ocim.core.secrets import Secret


class Service(StrEnum):
    """Services of an Open edX instance that have a domain of their own."""

    LMS = "lms"
    STUDIO = "studio"
    ECOMMERCE = "ecommerce"
    DISCOVERY = "discovery"


ALWAYS = frozenset({Service.LMS, Service.STUDIO})
"""Services that every instance has."""


@dataclass(frozen=True, slots=True)
class Domains:
    """Public host names of an instance, without port."""

    lms: str
    preview: str
    studio: str
    ecommerce: str
    discovery: str
    external: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """External names by service (`lms`, `studio`, …); learners see the first one, if any."""

    def all(self) -> tuple[str, ...]:
        """Return every name once, internal ones first."""
        names = [self.lms, self.preview, self.studio, self.ecommerce, self.discovery]
        names += [name for service_names in self.external.values() for name in service_names]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Account:
    """Name and password of a user on a shared server."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class DatabaseHost:
    """Database server, with an account that may create databases and other accounts."""

    kind: str
    """Kind of server: `mysql` or `postgresql`."""
    host: str
    port: int
    admin: Account
    tls: bool = False
    authority: str = ""
    """PEM certificate of the authority that signs the server's; empty: a public one does."""


@dataclass(frozen=True, slots=True)
class Database:
    """Database on a shared server, with the account that may use it."""

    kind: str
    """Kind of server: `mysql`, `postgresql` or `sqlite` (`name` is a path, the rest is empty)."""
    name: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    migrator: Account | None = None
    """Account that migrates all databases of the instance."""
    reader: Account | None = None
    """Account that reads all databases of the instance, and changes none."""
    server: DatabaseHost | None = field(default=None, repr=False)
    """Server that it is on; None for SQLite. Only adapters use its administrator's account."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Account and virtual host of an instance on the server for its Celery messages."""

    kind: Literal["rabbitmq", "redis"]
    host: str
    port: int
    user: str
    password: Secret
    vhost: str
    """Path of the broker's URL: RabbitMQ's virtual host (`/campus`) or Redis' database (`/0`)."""


@dataclass(frozen=True, slots=True)
class BrokerHost:
    """Broker server, with an account that may create other accounts."""

    kind: str
    host: str
    port: int
    """Port for messages, which app servers reach."""
    api_url: str
    """URL of RabbitMQ's management, with a slash at the end; empty for Redis."""
    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class BrokerUsage:
    """Use of a broker by one instance."""

    connections: int
    queues: Mapping[str, int]
    """Number of waiting messages by queue."""


@dataclass(frozen=True, slots=True)
class SearchHost:
    """Search server, with an account that may create other accounts."""

    url: str
    """URL of the server without account, with a slash at the end."""
    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Search:
    """Account and index prefix of an instance on the server for Course Discovery's indexes."""

    url: str
    """URL of the server without account, with a slash at the end."""
    index_prefix: str
    """Prefix of the names of its indexes, since other instances use the server, too."""
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class Instance:
    """Specification of an instance, from which all its variables are generated."""

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
    """Databases by purpose: `edxapp`, `ecommerce`, `discovery`, …"""
    storage_directory: str
    """Directory for uploads, which outlives app servers (the path as the host sees it)."""
    public_port: int = 443
    """The balancer's https port; public addresses include it unless it is 443."""
    services: frozenset[Service] = ALWAYS
    broker: Broker | None = None
    """Shared message broker; None: every app server has its own, installed by the playbooks."""
    search: Search | None = None
    """Shared search server; None: none is assigned."""
    mongodb: ContentAccount | None = None
    """Account on a shared MongoDB server; None: none is assigned."""
    meilisearch: ContentAccount | None = None
    """Key of a shared Meilisearch server; None: none is assigned."""
    mail: MailRelay | None = None
    """SMTP relay; None: upstream's default, one on each app server."""
    partner_code: str = ""
    """Partner code of its shop and catalogue; empty: taken from its settings, or generated."""
    currency: str = ""
    """Currency code of ISO 4217; empty: upstream's default."""
    payment_processors: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Keys (Secrets among them) by payment processor."""
