"""Adapters from the settings: the only module that knows the adapters' classes.

It is loaded when a process first needs an adapter; most commands never do.
"""

from pathlib import Path
from typing import Any

from django.conf import settings

from ocim.adapters.balancers.caddy import CaddyBalancer
from ocim.adapters.balancers.remote.client import RemoteBalancer
from ocim.adapters.balancers.remote.tls import TlsFiles
from ocim.adapters.brokers.rabbitmq import RabbitmqBrokers
from ocim.adapters.brokers.redis import RedisBrokers
from ocim.adapters.browsers.http import HttpBrowsers
from ocim.adapters.content.meilisearch import MeilisearchServers
from ocim.adapters.content.mongodb import MongodbServers
from ocim.adapters.databases.mysql import MysqlDatabases
from ocim.adapters.databases.postgresql import PostgresqlDatabases
from ocim.adapters.databases.sqlite import SqliteDatabases
from ocim.adapters.docker_projects import EngineAddress, LocalEngine
from ocim.adapters.identity.openid import OpenIdProvider
from ocim.adapters.limits import Limits
from ocim.adapters.mail.smtp import SmtpRelays
from ocim.adapters.notifiers.apprise import AppriseNotifier
from ocim.adapters.probers.http import HttpProber
from ocim.adapters.providers.docker.provider import DockerProvider
from ocim.adapters.providers.docker.remote import RemoteEngine
from ocim.adapters.providers.local.provider import LocalProvider
from ocim.adapters.providers.nspawn.provider import NspawnProvider
from ocim.adapters.providers.ssh.provider import SshProvider
from ocim.adapters.provisioners.ansible.provisioner import AnsibleProvisioner
from ocim.adapters.provisioners.repositories.mirror import GitAccess
from ocim.adapters.provisioners.tutor.provisioner import TutorProvisioner
from ocim.adapters.sandbox import Sandbox
from ocim.adapters.search.elasticsearch import ElasticsearchServers
from ocim.core.places import ROOT, bundled
from ocim.ports.adapters import Adapters
from ocim.ports.balancers import Balancer
from ocim.ports.databases import DatabaseServers
from ocim.ports.providers import Provider
from ocim.ports.provisioners import Provisioner
from ocim.processes.balancer import balancer_settings
from ocim.store.lent_machines import StoredMachines


def make_adapters(options: Any) -> Adapters:
    """Return the adapters that the options name."""
    balancer = _balancer(options)
    sandbox = _sandbox()
    limits = {"statement_timeout": options.sql_timeout, "copy_timeout": options.copy_timeout}
    servers: dict[str, DatabaseServers] = {
        MysqlDatabases.kind: MysqlDatabases(**limits),
        PostgresqlDatabases.kind: PostgresqlDatabases(**limits),
    }
    ansible = AnsibleProvisioner(
        builtin=bundled("playbooks"),
        cache=options.var / "cache",
        platform=bundled(options.platform),
        rewrites=dict(options.url_rewrites),
        access=GitAccess(
            keys=tuple(Path(name) for name in options.git_keys),
            known_hosts=Path(options.git_known_hosts) if options.git_known_hosts else None,
        ),
        sandbox=sandbox,
        transport=options.transport,
    )
    provisioners: dict[str, Provisioner] = {AnsibleProvisioner.kind: ansible}
    if options.docker_engine:
        provisioners[TutorProvisioner.kind] = TutorProvisioner(
            locks=bundled("requirements"),
            cache=options.var / "cache",
            engine=_engine(options),
            plugins=options.tutor_plugins,
            sandbox=sandbox,
        )
    return Adapters(
        providers=_providers(sandbox),
        provisioners=provisioners,
        configurations=ansible,
        balancer=balancer,
        databases={SqliteDatabases.kind: SqliteDatabases(**limits), **servers},
        database_servers=servers,
        search={ElasticsearchServers.kind: ElasticsearchServers()},
        brokers={RabbitmqBrokers.kind: RabbitmqBrokers(), RedisBrokers.kind: RedisBrokers()},
        content={
            MongodbServers.kind: MongodbServers(),
            MeilisearchServers.kind: MeilisearchServers(),
        },
        prober=HttpProber(authority=balancer.authority),
        browsers=HttpBrowsers(authority=balancer.authority),
        mail=SmtpRelays(),
        notifier=AppriseNotifier(options.notices, key=settings.SECRET_KEY.encode()),
        identity_provider=_identity_provider(options),
    )


def _identity_provider(options: Any) -> OpenIdProvider | None:
    if not options.oidc_issuer:
        return None
    return OpenIdProvider(
        issuer=options.oidc_issuer,
        client=options.oidc_client,
        secret=options.oidc_secret,
        scopes=options.oidc_scopes,
        claim=options.oidc_claim,
    )


def _balancer(options: Any) -> Balancer:
    if options.balancer_url:
        files = TlsFiles(
            options.balancer_authority, options.balancer_certificate, options.balancer_key
        )
        return RemoteBalancer(options.balancer_url, files)
    return CaddyBalancer(balancer_settings(options))


def _sandbox() -> Sandbox:
    options = settings.OCIM
    database = settings.DATABASES["default"]
    files = [*options.git_keys, options.balancer_key]
    if database["ENGINE"].endswith("sqlite3"):
        files.append(database["NAME"])
    return Sandbox(
        hidden=[options.var, ROOT / ".env", *map(Path, filter(None, files))],
        required=options.require_sandbox,
        limits=Limits(
            memory=options.run_memory,
            processes=options.run_processes,
            file_size=options.run_file_size,
            build_seconds=options.build_timeout,
        ),
    )


def _providers(sandbox: Sandbox) -> dict[str, Provider]:
    options = settings.OCIM
    balancer = [
        (options.balancer_address, port) for port in (options.https_port, options.http_port)
    ]
    nspawn = NspawnProvider(
        options.var / "nspawn",
        network=options.nspawn_network,
        shared=(options.var / "databases", options.var / "storage"),
        published=balancer,
    )
    providers: dict[str, Provider] = {
        LocalProvider.kind: LocalProvider(options.var / "hosts", sandbox=sandbox),
        NspawnProvider.kind: nspawn,
    }
    if options.ssh_pool:
        providers[SshProvider.kind] = SshProvider(
            options.var / "ssh",
            pool=Path(options.ssh_pool),
            lent=StoredMachines(),
            engine=options.engine_machine,
        )
    if options.docker_engine:
        providers[DockerProvider.kind] = DockerProvider(
            options.var / "docker",
            engine=_engine(options),
            network=options.docker_network,
            needs_border=options.require_sandbox,
        )
    return providers


def _engine(options: Any) -> EngineAddress:
    if options.engine_machine:
        return RemoteEngine(
            options.engine_machine, pool=Path(options.ssh_pool), state=options.var / "ssh"
        )
    return LocalEngine(options.docker_engine)
