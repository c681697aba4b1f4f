"""Values for the catalog and the adapters, made of database rows."""

import json
from dataclasses import dataclass, replace
from pathlib import PurePath

from ocim.catalog.endpoints import public_domain, with_port
from ocim.catalog.releases import traits
from ocim.core.instance import (
    ALWAYS,
    Account,
    Broker,
    BrokerHost,
    Database,
    DatabaseHost,
    Domains,
    Instance,
    Search,
    SearchHost,
    Service,
)
from ocim.core.names import account, database_account
from ocim.core.policy import Policy
from ocim.core.provisioning import TUTOR, ConfigurationSource
from ocim.core.secrets import Secret, derive
from ocim.parsing.extra_settings import enabled_services
from ocim.store.content_specs import meilisearch_account, mongodb_account
from ocim.store.models import (
    BrokerServer,
    DatabaseServer,
    OpenEdXAppServer,
    OpenEdXInstance,
    SearchServer,
)

# Upstream's roles need these databases for the LMS on a database server of any kind but SQLite.
_OF_EDXAPP = ("edxapp", "edxapp_csmh", "xqueue")
DATABASE_PORTS = {"mysql": 3306, "postgresql": 5432}
"""Default ports of database servers by kind."""


def services_of(instance: OpenEdXInstance) -> frozenset[Service]:
    """Return the services that the instance's `configuration_extra_settings` enable."""
    return enabled_services(instance.configuration_extra_settings)


def site_url(instance: OpenEdXInstance, policy: Policy) -> str:
    """Return the URL of the instance's LMS. Reads only its domains."""
    domain = public_domain(instance.domains, Service.LMS)
    return f"https://{with_port(domain, policy.https_port)}"


def instance_spec(instance: OpenEdXInstance, policy: Policy) -> Instance:
    """Return an instance's configuration, with its places on the shared servers.

    Reads the rows of these servers: for many instances, select them in the same query.
    """
    return _spec(instance, policy, services_of(instance))


def source_of(instance: OpenEdXInstance) -> ConfigurationSource:
    """Return the configuration of the instance's next app server."""
    if instance.provisioner == TUTOR:
        return ConfigurationSource(TUTOR, str(traits(instance.release).tutor), "")
    return ConfigurationSource(
        instance.configuration_source_repo_url,
        instance.configuration_commit,
        instance.playbook_name,
    )


def appserver_spec(appserver: OpenEdXAppServer, policy: Policy) -> Instance:
    """Return `instance_spec` with the app server's own release, configuration and services."""
    return replace(
        _spec(appserver.instance, policy, appserver.services),
        openedx_release=appserver.openedx_release,
        edx_platform_commit=appserver.edx_platform_commit,
        configuration_source_repo_url=appserver.configuration_source_repo_url,
        configuration_version=appserver.configuration_version,
        configuration_playbook_name=appserver.configuration_playbook_name,
    )


@dataclass(frozen=True, slots=True)
class PublishedAppServer:
    """Facts of an app server that probes need. No secret is decrypted for them."""

    domains: Domains
    public_port: int
    services: frozenset[Service]


def published(appserver: OpenEdXAppServer, policy: Policy) -> PublishedAppServer:
    """Return the domains and services of an app server."""
    return PublishedAppServer(appserver.instance.domains, policy.https_port, appserver.services)


def copies(instance: OpenEdXInstance, policy: Policy) -> dict[str, Database]:
    """Return the copies of an instance's databases for a dry run of migrations, by purpose.

    Their account is not the instance's: it has no access to the instance's own databases.
    """
    return {
        purpose: _copy(database, instance)
        for purpose, database in instance_spec(instance, policy).databases.items()
    }


def all_databases(instance: OpenEdXInstance, generation: int = 0) -> dict[str, Database]:
    """Return all databases that the instance may have, also those of disabled services.

    They have the accounts of the generation; 0: of the present one.
    """
    return _databases(instance, frozenset(Service), generation)


def _spec(instance: OpenEdXInstance, policy: Policy, services: frozenset[Service]) -> Instance:
    source = source_of(instance)
    return Instance(
        id=instance.pk,
        name=instance.name,
        email=instance.email,
        domains=instance.domains,
        openedx_release=instance.openedx_release,
        edx_platform_repository_url=instance.edx_platform_repository_url,
        edx_platform_commit=instance.platform_commit,
        configuration_source_repo_url=source.repository_url,
        configuration_version=source.version,
        configuration_playbook_name=source.playbook,
        time_zone=instance.time_zone,
        databases=_databases(instance, services),
        storage_directory=str(policy.storage / instance.database_name),
        public_port=policy.https_port,
        services=services,
        broker=broker_account(instance),
        search=search_place(instance),
        mongodb=mongodb_account(instance),
        meilisearch=meilisearch_account(instance),
        mail=policy.mail,
        partner_code=instance.partner_code,
        currency=instance.currency,
        payment_processors=json.loads(instance.payment_processors or "{}"),
    )


def _databases(
    instance: OpenEdXInstance, services: frozenset[Service], generation: int = 0
) -> dict[str, Database]:
    server = instance.database_server
    optional = [service.value for service in Service if service in services - ALWAYS]
    if server.kind == "sqlite":
        directory = f"{server.directory}/{instance.database_name}"
        return {
            purpose: Database(kind="sqlite", name=f"{directory}/{purpose}.sqlite3")
            for purpose in ("edxapp", *optional)
        }
    host = database_host(server)
    number = generation or instance.database_generation
    migrator, reader = (_account(instance, role, number) for role in ("migrate", "read"))
    databases = {}
    for purpose in (*_OF_EDXAPP, *optional):
        own = _account(instance, purpose, number)
        databases[purpose] = Database(
            kind=server.kind,
            name=instance.adopted_databases.get(purpose, f"{instance.database_name}_{purpose}"),
            host=host.host,
            port=host.port,
            user=own.user,
            password=own.password,
            migrator=migrator,
            reader=reader,
            server=host,
        )
    return databases


def _account(instance: OpenEdXInstance, role: str, generation: int = 1) -> Account:
    """Return the instance's account for a purpose on its database server."""
    seed = instance.secret_seed.encode()
    user = database_account(instance.database_name, role, generation)
    return Account(user, derive(seed, f"database account {role} {generation}"))


def database_host(server: DatabaseServer) -> DatabaseHost:
    """Return address and account of a database server, as adapters need them."""
    admin = Account(server.admin_user, Secret(server.admin_password))
    port = server.port or DATABASE_PORTS[server.kind]
    return DatabaseHost(
        server.kind, server.host, port, admin, tls=server.tls, authority=server.authority
    )


def _copy(database: Database, instance: OpenEdXInstance) -> Database:
    if database.kind == "sqlite":
        path = PurePath(database.name)
        # Not in the instance's own directory: its app servers could put symbolic links there.
        directory = path.parent.with_name(f"{path.parent.name}.dry-run")
        return replace(database, name=str(directory / path.name))
    own = _account(instance, "dry_run")
    return replace(
        database,
        name=f"dry_run_{database.name}",
        user=own.user,
        password=own.password,
        migrator=own,
        reader=None,
    )


def broker_account(instance: OpenEdXInstance, generation: int = 0) -> Broker | None:
    """Return the instance's account of a generation (0: the present one) on its broker server.

    Return None if it has no broker server.
    """
    server = instance.broker_server
    if server is None:
        return None
    number = generation or instance.broker_generation
    later = number > 1
    password = derive(instance.secret_seed.encode(), f"broker {number}" if later else "broker")
    if server.kind == "redis":
        # Clients of older releases know no users. The server is this instance's alone.
        return Broker("redis", server.host, server.port, "", password, "/0")
    user = account(instance.pk)
    return Broker(
        "rabbitmq",
        server.host,
        server.port,
        f"{user}_{number}" if later else user,
        password,
        f"/{instance.database_name}",
    )


def broker_host(server: BrokerServer) -> BrokerHost:
    """Return address and account of a broker server, as adapters need them."""
    password = Secret(server.admin_password)
    return BrokerHost(
        server.kind, server.host, server.port, server.api_url, server.admin_user, password
    )


def search_place(instance: OpenEdXInstance) -> Search | None:
    """Return the place of the instance's indexes; None if it has no search server."""
    server = instance.search_server
    if server is None:
        return None
    return Search(
        url=server.url,
        index_prefix=f"{instance.database_name}_",
        user=account(instance.pk),
        password=derive(instance.secret_seed.encode(), "search"),
    )


def search_host(server: SearchServer) -> SearchHost:
    """Return address and account of a search server, as adapters need them."""
    return SearchHost(server.url, server.admin_user, Secret(server.admin_password))
