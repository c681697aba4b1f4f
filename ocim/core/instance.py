"""What an operator has said of one instance, and where its services, databases and queues are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from ocim.core.secrets import Secret


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
