"""The check that active instances answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ocim.catalog.endpoints import public_probes
from ocim.core.health import verdict
from ocim.operations.context import Context
from ocim.operations.findings import Finding
from ocim.store.models import OpenEdXInstance
from ocim.store.specs import instance_spec

PROBE_SECONDS = 3.0
"""Seconds that an instance has to answer in."""
PROBES_AT_ONCE = 8


def check_answers(context: Context) -> Iterator[Finding]:
    """Yield the addresses of active instances that do not answer well, and maintenance pages."""
    address = f"{context.policy.balancer_address}:{context.policy.https_port}"
    asked = [
        (instance, replace(probe, timeout=PROBE_SECONDS))
        for instance in active_instances()
        if not instance.maintenance
        for probe in public_probes(instance_spec(instance, context.policy), address)
    ]
    for instance in OpenEdXInstance.objects.exclude(maintenance="").select_related("ref_set"):
        yield Finding(
            "warning",
            "visitors see its maintenance page.",
            f"When the work is over: ocim instance maintenance {instance.pk} off",
            str(instance),
        )
    with ThreadPoolExecutor(PROBES_AT_ONCE) as pool:
        results = pool.map(context.adapters.prober.get, [probe for _, probe in asked])
        for (instance, probe), result in zip(asked, results, strict=True):
            if not (health := verdict([result])).healthy:
                yield Finding(
                    "error",
                    f"{'; '.join(health.reasons)}.",
                    f"Look into the logs of its app server (ocim appserver list {instance.pk}).",
                    f"{instance}: {probe.url}",
                )


def active_instances() -> list[OpenEdXInstance]:
    """Return the instances that have an active app server."""
    active = OpenEdXInstance.objects.filter(
        appserver_set__is_active=True, ref_set__is_archived=False
    )
    return list(active.select_related("ref_set", "database_server").order_by("id").distinct())
