"""What the settings choose: adapters, policy, defaults and addresses."""

import os
import socket
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from ocim.core.policy import Policy, Retention
from ocim.operations.context import Context
from ocim.ports import Adapters
from ocim.store import specs
from ocim.store.models import OpenEdXInstance

PROVIDERS = ("local", "nspawn", "ssh")
"""What an instance's `provider` may be."""


def current_time() -> datetime:
    """Return the time, as use cases see it."""
    return timezone.now()


@cache
def context() -> Context:
    """What every use case of this process is given."""
    return Context(adapters=adapters(), policy=policy(), now=current_time, worker=process_name())


def queue_name() -> str:
    """The queue that this process enqueues to."""
    return str(settings.OCIM.queue_name)


@cache
def process_name() -> str:
    """Unique among all processes, on all machines."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"


@cache
def adapters() -> Adapters:
    """Return everything outside Ocim, as the settings name it."""
    from ocim.wiring.factory import make_adapters

    return make_adapters(settings.OCIM)


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
