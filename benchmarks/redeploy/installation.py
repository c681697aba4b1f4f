"""An Ocim of the benchmark's own in this process, with database and queue.

Adapters are in memory.
"""

import atexit
import os
import shutil
import tempfile
from ipaddress import IPv4Address
from typing import Any

IRONWOOD = "opencraft-release/ironwood.2"
JUNIPER = "opencraft-release/juniper.2"
FIELDS = {
    "email": "ops@example.com",
    "openedx_release": "open-release/ironwood.2",
    "edx_platform_repository_url": "https://github.com/open-craft/edx-platform",
    "edx_platform_commit": IRONWOOD,
    "configuration_source_repo_url": "builtin",
    "configuration_version": "open-release/ironwood.2",
    "provider": "local",
    "configuration_extra_settings": "EDXAPP_PLATFORM_NAME: Campus\nEDXAPP_WORKERS: {lms: 2}\n",
}


def set_up(database_url: str = "", queue_url: str = "") -> None:
    """Set up Django with an empty database, before modules that need one are imported."""
    var = tempfile.mkdtemp(prefix="ocim-benchmark-")
    atexit.register(shutil.rmtree, var, ignore_errors=True)
    os.environ.update(
        OCIM_VAR=var,
        OCIM_MASTER_KEY="MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        SECRET_KEY="only for measuring",  # noqa: S106
        DJANGO_SETTINGS_MODULE="ocim.project.settings",
        DATABASE_URL=database_url,
        OCIM_QUEUE_URL=queue_url,
        OCIM_LOG_LEVEL="ERROR",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def fleet(count: int, world: Any, *, variables: str = "") -> None:
    """Create instances with active app servers, in bulk: creating one alone takes a key pair.

    Effective variables take most of the time: `variables`, as JSON, stand for those of all.
    """
    from ocim.store.models import InstanceReference, Lease, OpenEdXInstance

    first = world.make_instance(**FIELDS, name="first", internal_lms_domain="first.example.com")
    kept = {
        field.attname: getattr(first, field.attname)
        for field in OpenEdXInstance._meta.concrete_fields
        if field.attname not in ("id", "ref_set_id", "lease_id")
    }
    references = InstanceReference.objects.bulk_create(
        [InstanceReference() for _ in range(count)], batch_size=500
    )
    leases = Lease.objects.bulk_create([Lease() for _ in range(count)], batch_size=500)
    instances = OpenEdXInstance.objects.bulk_create(
        [
            OpenEdXInstance(
                **kept
                | {
                    "name": f"Campus {reference.pk}",
                    "internal_lms_domain": f"campus-{reference.pk}.example.com",
                    "database_name": f"campus_{reference.pk}",
                    "successfully_provisioned": True,
                },
                pk=reference.pk,
                ref_set=reference,
                lease=lease,
            )
            for reference, lease in zip(references, leases, strict=True)
        ],
        batch_size=500,
    )
    for start in range(0, count, 500):
        _serve(instances[start : start + 500], world, variables)


def _serve(instances: list[Any], world: Any, variables: str) -> None:
    from ocim.operations.effective import effective_variables, serialize
    from ocim.store.models import Deployment, OpenEdXAppServer, Server

    servers = Server.objects.bulk_create(
        Server(
            name=f"serving-{instance.pk}",
            provider="local",
            state="up",
            address=str(IPv4Address("10.128.0.0") + instance.pk),
        )
        for instance in instances
    )
    deployments = Deployment.objects.bulk_create(
        [Deployment(instance=instance) for instance in instances]
    )
    OpenEdXAppServer.objects.bulk_create(
        OpenEdXAppServer(
            instance=instance,
            deployment=deployment,
            server=server,
            state="running",
            is_active=True,
            effective_variables=variables or serialize(effective_variables(instance, world.policy)),
        )
        for instance, deployment, server in zip(instances, deployments, servers, strict=True)
    )
