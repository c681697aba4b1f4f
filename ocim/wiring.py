"""Settings → adapters: the only place where names meet classes."""

import os
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from ocim.adapters.balancers.caddy import CaddyBalancer
from ocim.adapters.browsers.http import HttpBrowsers
from ocim.adapters.databases.sqlite import SqliteDatabases
from ocim.adapters.limits import Limits
from ocim.adapters.notifiers.apprise import AppriseNotifier
from ocim.adapters.probers.http import HttpProber
from ocim.adapters.providers.local.provider import LocalProvider
from ocim.adapters.providers.nspawn.provider import NspawnProvider
from ocim.adapters.providers.ssh.provider import SshProvider
from ocim.adapters.provisioners.ansible.provisioner import AnsibleProvisioner
from ocim.adapters.provisioners.repositories.mirror import GitAccess
from ocim.adapters.sandbox import Sandbox
from ocim.adapters.search.elasticsearch import ElasticsearchServers
from ocim.core.policy import Policy, Retention
from ocim.operations.context import Context
from ocim.ports import Adapters, Provider
from ocim.processes.balancer import balancer_settings
from ocim.store import specs
from ocim.store.models import OpenEdXInstance

ROOT = Path(__file__).resolve().parent.parent
BUILTIN = ROOT / "playbooks"
PROVIDERS = (LocalProvider.kind, NspawnProvider.kind, SshProvider.kind)
"""What an instance's `provider` may be."""


@cache
def context() -> Context:
    """What every use case of this process is given."""
    return Context(adapters=adapters(), policy=policy(), now=timezone.now, worker=process_name())


def queue_name() -> str:
    """The queue that this process enqueues to."""
    return str(settings.OCIM.queue_name)


@cache
def process_name() -> str:
    """Unique among all processes, on all machines."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"


@cache
def adapters() -> Adapters:
    """Everything outside Ocim, as the settings name it."""
    options = settings.OCIM
    balancer = CaddyBalancer(balancer_settings(options))
    sandbox = _sandbox()
    return Adapters(
        providers=_providers(sandbox),
        provisioner=AnsibleProvisioner(
            builtin=BUILTIN,
            cache=options.var / "cache",
            platform=ROOT / options.platform,
            rewrites=dict(options.url_rewrites),
            access=GitAccess(
                keys=tuple(Path(name) for name in options.git_keys),
                known_hosts=Path(options.git_known_hosts) if options.git_known_hosts else None,
            ),
            sandbox=sandbox,
            transport=options.transport,
        ),
        balancer=balancer,
        databases={
            "sqlite": SqliteDatabases(
                statement_timeout=options.sql_timeout, copy_timeout=options.copy_timeout
            )
        },
        search={ElasticsearchServers.kind: ElasticsearchServers()},
        prober=HttpProber(authority=balancer.authority),
        browsers=HttpBrowsers(authority=balancer.authority),
        notifier=AppriseNotifier(options.notices, key=settings.SECRET_KEY.encode()),
    )


def _sandbox() -> Sandbox:
    options = settings.OCIM
    database = settings.DATABASES["default"]
    files = [database["NAME"]] if database["ENGINE"].endswith("sqlite3") else []
    return Sandbox(
        hidden=[options.var, ROOT / ".env", *map(Path, (*files, *options.git_keys))],
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
        providers[SshProvider.kind] = SshProvider(options.var / "ssh", pool=Path(options.ssh_pool))
    return providers


def policy() -> Policy:
    """The installation's choices."""
    options = settings.OCIM
    return Policy(
        storage=options.var / "storage",
        backups=options.var / "backups",
        lease=options.lease,
        drain=options.drain,
        host_timeout=options.host_timeout,
        task_timeout=options.task_timeout,
        provision_timeout=options.provision_timeout,
        job_timeout=options.job_timeout,
        balancer_address=options.balancer_address,
        https_port=options.https_port,
        build_images=options.build_images,
        verify_services=options.verify_services,
        fallback_serves=options.fallback_serves,
        retention=Retention(options.fallback_days, options.failed_days),
    )


def with_defaults(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a new instance, and what the settings say where it says nothing."""
    options = settings.OCIM
    domain = fields.get("internal_lms_domain", "")
    return {
        "name": domain,
        "email": f"contact@{domain}",
        "openedx_release": options.default_release,
        "edx_platform_repository_url": options.default_platform_url,
        "configuration_source_repo_url": options.default_configuration_url,
        "configuration_version": options.default_configuration_version,
        "provider": options.default_provider,
        **fields,
    }


def manager_url() -> str:
    """Where the manager's pages are, as far as the settings tell; without a slash at the end."""
    options = settings.OCIM
    return next(iter(options.trusted_origins), f"http://{options.web_address}").rstrip("/")


def instance_url(instance: OpenEdXInstance) -> str:
    """Where its learners find it."""
    return specs.site_url(instance, policy())
