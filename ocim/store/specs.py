"""Rows → the values that the catalog and the outside work with."""

import json
from dataclasses import dataclass, replace
from pathlib import PurePath

from ocim.catalog.endpoints import public_domain, with_port
from ocim.core.instance import (
    ALWAYS,
    Broker,
    Database,
    Domains,
    Instance,
    Search,
    SearchHost,
    Service,
)
from ocim.core.policy import Policy
from ocim.core.secrets import Secret, derive
from ocim.parsing.extra_settings import enabled_services
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance, SearchServer

# Upstream's roles keep these beside the LMS's own, on a database server of whatever kind it is.
_OF_EDXAPP = ("edxapp", "edxapp_csmh", "xqueue")
_RABBITMQ_PORT = 5672
_REDIS_PORT = 6379


def services_of(instance: OpenEdXInstance) -> frozenset[Service]:
    """The services that the instance is to have, by its `configuration_extra_settings`."""
    return enabled_services(instance.configuration_extra_settings)


def site_url(instance: OpenEdXInstance, policy: Policy) -> str:
    """Where the instance's LMS is on the web; asks for nothing but its names."""
    domain = public_domain(instance.domains, Service.LMS)
    return f"https://{with_port(domain, policy.https_port)}"


def instance_spec(instance: OpenEdXInstance, policy: Policy) -> Instance:
    """What an operator has said of the instance, and the places it was given.

    Reads the instance's shared servers: select them with the instance where there are many.
    """
    return _spec(instance, policy, services_of(instance))


def appserver_spec(appserver: OpenEdXAppServer, policy: Policy) -> Instance:
    """The same with release and services of the app server, whatever the instance is to have."""
    return replace(
        _spec(appserver.instance, policy, appserver.services),
        openedx_release=appserver.openedx_release,
        edx_platform_commit=appserver.edx_platform_commit,
    )


@dataclass(frozen=True, slots=True)
class PublishedAppServer:
    """What probes of an app server need to know: it costs no secret of its instance."""

    domains: Domains
    public_port: int
    services: frozenset[Service]


def published(appserver: OpenEdXAppServer, policy: Policy) -> PublishedAppServer:
    """Return the names and services of an app server that came from `serving` or the like."""
    return PublishedAppServer(appserver.instance.domains, policy.https_port, appserver.services)


def dry_run_host(upgrade_id: int) -> str:
    """The name of the host on which an upgrade's migrations are tried beforehand."""
    return f"dry-run-{upgrade_id}"


def copies(instance: OpenEdXInstance, policy: Policy) -> dict[str, Database]:
    """Where copies of its databases are, by purpose, while migrations are tried on them.

    The account is another one: it must not get into the instance's own databases.
    """
    return {
        purpose: _copy(database, instance)
        for purpose, database in instance_spec(instance, policy).databases.items()
    }


def all_databases(instance: OpenEdXInstance) -> list[Database]:
    """Every database that the instance may have, those of services that are off included."""
    return list(_databases(instance, frozenset(Service)).values())


def _spec(instance: OpenEdXInstance, policy: Policy, services: frozenset[Service]) -> Instance:
    return Instance(
        id=instance.pk,
        name=instance.name,
        email=instance.email,
        domains=instance.domains,
        openedx_release=instance.openedx_release,
        edx_platform_repository_url=instance.edx_platform_repository_url,
        edx_platform_commit=instance.platform_commit,
        configuration_source_repo_url=instance.configuration_source_repo_url,
        configuration_version=instance.configuration_commit,
        configuration_playbook_name=instance.playbook_name,
        time_zone=instance.time_zone,
        databases=_databases(instance, services),
        storage_directory=str(policy.storage / instance.database_name),
        public_port=policy.https_port,
        services=services,
        broker=_broker(instance),
        search=search_place(instance),
        partner_code=instance.partner_code,
        currency=instance.currency,
        payment_processors=json.loads(instance.payment_processors or "{}"),
    )


def _databases(instance: OpenEdXInstance, services: frozenset[Service]) -> dict[str, Database]:
    server = instance.database_server
    optional = [service.value for service in Service if service in services - ALWAYS]
    if server.kind == "sqlite":
        directory = f"{server.directory}/{instance.database_name}"
        return {
            purpose: Database(kind="sqlite", name=f"{directory}/{purpose}.sqlite3")
            for purpose in ("edxapp", *optional)
        }
    # One account for all of them: upstream migrates every database with the same one.
    password = derive(instance.secret_seed.encode(), "databases")
    return {
        purpose: Database(
            kind=server.kind,
            name=f"{instance.database_name}_{purpose}",
            host=server.host,
            port=server.port,
            user=_account(instance),
            password=password,
        )
        for purpose in (*_OF_EDXAPP, *optional)
    }


def _copy(database: Database, instance: OpenEdXInstance) -> Database:
    if database.kind == "sqlite":
        path = PurePath(database.name)
        # Beside the instance's directory: in it, its app servers could lead the way elsewhere.
        directory = path.parent.with_name(f"{path.parent.name}.dry-run")
        return replace(database, name=str(directory / path.name))
    return replace(
        database,
        name=f"dry_run_{database.name}",
        user=f"dry_run_{instance.pk}",
        password=derive(instance.secret_seed.encode(), "dry run of migrations"),
    )


def _broker(instance: OpenEdXInstance) -> Broker | None:
    server = instance.broker_server
    if server is None:
        return None
    if server.kind == "redis":
        # Clients of older releases know no accounts, and databases have numbers: an instance that
        # shares a server with others would take their messages.
        port, password = server.port or _REDIS_PORT, Secret(server.admin_password)
        return Broker("redis", server.host, port, "", password, "/0")
    return Broker(
        "rabbitmq",
        server.host,
        server.port or _RABBITMQ_PORT,
        _account(instance),
        derive(instance.secret_seed.encode(), "broker"),
        f"/{instance.database_name}",
    )


def search_place(instance: OpenEdXInstance) -> Search | None:
    """Where its indexes are; None where it has no search server."""
    server = instance.search_server
    if server is None:
        return None
    return Search(
        url=server.url,
        index_prefix=f"{instance.database_name}_",
        user=_account(instance),
        password=derive(instance.secret_seed.encode(), "search"),
    )


def search_host(server: SearchServer) -> SearchHost:
    """A search server, as the outside is told of it."""
    return SearchHost(server.url, server.admin_user, Secret(server.admin_password))


def _account(instance: OpenEdXInstance) -> str:
    """At most 16 characters, as older MySQL servers want it."""
    return f"openedx_{instance.pk}"
