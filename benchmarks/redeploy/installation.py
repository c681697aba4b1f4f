"""An Ocim of the benchmark's own in this process: a database, a queue, the outside in memory."""

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
    """Django on an empty database; before anything of Ocim that needs one is imported."""
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


def fleet(count: int, world: Any) -> None:
    """Instances that app servers serve, written in bulk: making one takes a key pair."""
    from ocim.store.models import InstanceReference, OpenEdXInstance

    first = world.make_instance(**FIELDS, name="first", internal_lms_domain="first.example.com")
    kept = {
        field.attname: getattr(first, field.attname)
        for field in OpenEdXInstance._meta.concrete_fields
        if field.attname not in ("id", "ref_set_id")
    }
    references = InstanceReference.objects.bulk_create(
        [InstanceReference() for _ in range(count)], batch_size=500
    )
    instances = OpenEdXInstance.objects.bulk_create(
        [
            OpenEdXInstance(
                **kept
                | {
                    "name": f"Campus {one.pk}",
                    "internal_lms_domain": f"campus-{one.pk}.example.com",
                    "database_name": f"campus_{one.pk}",
                    "successfully_provisioned": True,
                },
                pk=one.pk,
                ref_set=one,
            )
            for one in references
        ],
        batch_size=500,
    )
    for start in range(0, count, 500):
        _serve(instances[start : start + 500], world)


def _serve(instances: list[Any], world: Any) -> None:
    from ocim.operations.effective import effective_variables, serialize
    from ocim.store.models import Deployment, OpenEdXAppServer, Server

    servers = Server.objects.bulk_create(
        Server(
            name=f"serving-{one.pk}",
            provider="local",
            state="up",
            address=str(IPv4Address("10.128.0.0") + one.pk),
        )
        for one in instances
    )
    deployments = Deployment.objects.bulk_create([Deployment(instance=one) for one in instances])
    OpenEdXAppServer.objects.bulk_create(
        OpenEdXAppServer(
            instance=one,
            deployment=deployment,
            server=server,
            state="running",
            is_active=True,
            effective_variables=serialize(effective_variables(one, world.policy)),
        )
        for one, deployment, server in zip(instances, deployments, servers, strict=True)
    )
