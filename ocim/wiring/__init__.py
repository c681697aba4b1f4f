"""Adapters, policy, defaults and addresses from the settings."""

import os
from datetime import datetime
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from ocim.core.errors import Conflict
from ocim.core.policy import Policy, Retention
from ocim.operations.context import Context
from ocim.ports.adapters import Adapters
from ocim.store import specs
from ocim.store.models import OpenEdXInstance

PROVIDERS = ("local", "nspawn", "ssh", "docker")
"""Kinds of hosts, the possible values of an instance's `provider`."""


def current_time() -> datetime:
    """Return the current time, as the context passes it to operations."""
    return timezone.now()


@cache
def context() -> Context:
    """Return the context that this process passes to every operation."""
    return Context(
        adapters=adapters(),
        policy=policy(),
        now=current_time,
        worker=process_name(),
        machine=settings.OCIM.machine,
    )


def queue_name() -> str:
    """Return the name of the queue that this process enqueues to."""
    return str(settings.OCIM.queue_name)


@cache
def process_name() -> str:
    """Return a name of this process that no other process on any machine has."""
    return f"{settings.OCIM.machine}-{os.getpid()}-{uuid4().hex[:6]}"


@cache
def adapters() -> Adapters:
    """Return the adapters that the settings name."""
    from ocim.wiring.factory import make_adapters

    return make_adapters(settings.OCIM)


def policy() -> Policy:
    """Return the installation's policy from the settings."""
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
        reaches_balancer=reaches_balancer(options),
        https_port=options.https_port,
        build_images=options.build_images,
        verify_services=options.verify_services,
        fallback_serves=options.fallback_serves,
        tutor_plugins=options.tutor_plugins,
        mail=options.smtp_url,
        mail_sender=options.mail_sender or f"ocim@{urlsplit(manager_url()).hostname}",
        sign_in_days=options.sign_in_days,
        retention=Retention(options.fallback_days, options.failed_days),
    )


def reaches_balancer(options: Any) -> bool:
    """Return True if containers reach the balancer: a loopback address is their own."""
    try:
        address = ip_address(options.balancer_address)
        listens = [ip_address(text) for text in options.balancer_bind]
    except ValueError:
        return True  # a check tells what is wrong
    if options.balancer_url or options.engine_machine:
        return not address.is_loopback
    if address.is_loopback:
        return any(item.is_unspecified for item in listens)
    return not all(item.is_loopback for item in listens)


def instance_defaults() -> dict[str, str]:
    """Return the settings' defaults for the fields of a new instance."""
    options = settings.OCIM
    return {
        "openedx_release": options.default_release,
        "edx_platform_repository_url": options.default_platform_url,
        "configuration_source_repo_url": options.default_configuration_url,
        "configuration_version": options.default_configuration_version,
        "provider": options.default_provider,
    }


def identity_issuer() -> str:
    """Return the URL of the provider of single sign-on. Raise Conflict if there is none."""
    if issuer := str(settings.OCIM.oidc_issuer):
        return issuer
    raise Conflict("There is no single sign-on.", remedy="Set OCIM_OIDC_ISSUER and what it needs.")


def manager_url() -> str:
    """Return the URL of the manager's pages, without a slash at the end.

    It is the first trusted origin, or else OCIM_WEB_ADDRESS.
    """
    options = settings.OCIM
    return next(iter(options.trusted_origins), f"http://{options.web_address}").rstrip("/")


def instance_url(instance: OpenEdXInstance) -> str:
    """Return the URL of the instance's LMS."""
    return specs.site_url(instance, policy())
