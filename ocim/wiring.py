"""Settings → adapters: the only place where names meet classes."""

import os
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from ocim.adapters.balancers.caddy import CaddyBalancer, Role, Settings, Tls, start
from ocim.adapters.databases.sqlite import SqliteDatabases
from ocim.adapters.probers.http import HttpProber
from ocim.adapters.providers.local.provider import LocalProvider
from ocim.adapters.providers.nspawn.provider import NspawnProvider
from ocim.adapters.providers.ssh.provider import SshProvider
from ocim.adapters.provisioners.ansible import AnsibleProvisioner
from ocim.catalog.endpoints import public_url
from ocim.core.policy import Policy, Retention
from ocim.core.spec import Service
from ocim.operations.context import Context
from ocim.ports import Outside, Provider
from ocim.store.models import OpenEdXInstance
from ocim.store.specs import instance_spec

ROOT = Path(__file__).resolve().parent.parent
BALANCER_ROLES = tuple(role.value for role in Role)


@cache
def context() -> Context:
    """What every use case of this process is given."""
    return Context(outside=outside(), policy=policy(), now=timezone.now, worker=process_name())


def queue_name() -> str:
    """The queue that this process enqueues to."""
    return str(settings.OCIM.queue_name)


@cache
def process_name() -> str:
    """Unique among all processes, on all machines."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"


@cache
def outside() -> Outside:
    """Everything outside Ocim, as the settings name it."""
    options = settings.OCIM
    balancer = CaddyBalancer(balancer_settings())
    return Outside(
        providers=_providers(),
        provisioner=AnsibleProvisioner(
            builtin=ROOT / "playbooks",
            cache=options.var / "cache",
            platform=ROOT / options.platform,
            rewrites=dict(options.url_rewrites),
        ),
        balancer=balancer,
        databases={"sqlite": SqliteDatabases()},
        prober=HttpProber(authority=balancer.authority),
    )


def _providers() -> dict[str, Provider]:
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
        "local": LocalProvider(options.var / "hosts"),
        "nspawn": nspawn,
    }
    if options.ssh_pool:
        providers["ssh"] = SshProvider(options.var / "ssh", pool=Path(options.ssh_pool))
    return providers


def run_balancer(role: str) -> NoReturn:
    """Become one of the balancer's processes, one of BALANCER_ROLES."""
    start(balancer_settings(), Role(role))


def balancer_settings() -> Settings:
    """How the balancer's processes are started, and reached."""
    options = settings.OCIM
    roots = Path(options.acme_roots) if options.acme_roots else None
    if options.acme_directory:
        tls = Tls("acme", options.acme_directory, options.acme_email, roots)
    else:
        tls = Tls()
    return Settings(
        state=options.var / "balancer",
        bind=options.balancer_bind,
        https_port=options.https_port,
        http_port=options.http_port,
        tls=tls,
    )


def policy() -> Policy:
    """The installation's choices."""
    options = settings.OCIM
    return Policy(
        storage=options.var / "storage",
        lease=options.lease,
        drain=options.drain,
        host_timeout=options.host_timeout,
        task_timeout=options.task_timeout,
        provision_timeout=options.provision_timeout,
        balancer_address=options.balancer_address,
        https_port=options.https_port,
        retention=Retention(options.fallback_days, options.failed_days),
    )


def with_defaults(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a new instance, and what the settings say where it says nothing."""
    options = settings.OCIM
    domain = fields.get("internal_lms_domain", "")
    release = fields.get("openedx_release") or options.default_release
    return {
        "name": domain,
        "email": f"contact@{domain}",
        "openedx_release": release,
        "edx_platform_repository_url": options.default_platform_url,
        "configuration_source_repo_url": options.default_configuration_url,
        "configuration_version": options.default_configuration_version or release,
        "provider": options.default_provider,
        **fields,
    }


def instance_url(instance: OpenEdXInstance) -> str:
    """Where its learners find it."""
    return public_url(instance_spec(instance, policy()), Service.LMS)
