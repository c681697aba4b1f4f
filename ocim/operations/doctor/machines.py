"""The check of the machines that share the database: what must be alike, and what cannot work."""

from collections import Counter
from collections.abc import Iterator

from ocim.core.texts import listed, plural
from ocim.operations import machines
from ocim.operations.context import Context
from ocim.operations.findings import Finding
from ocim.store.models import OpenEdXInstance
from ocim.store.selectors import live_workers


def check_machines(context: Context) -> Iterator[Finding]:
    """Yield the machines with workers, differing versions, and instances bound to one machine."""
    alive = list(live_workers(context.now()))
    counts = Counter(worker.machine for worker in alive)
    if counts:
        text = listed([f"{name} ({plural(counts[name], 'worker')})" for name in sorted(counts)])
        yield Finding("ok", f"Workers on {text}.")
    versions = sorted({worker.version for worker in alive})
    if len(versions) > 1:
        yield Finding(
            "warning",
            f"Workers of several versions of Ocim: {listed(versions)}.",
            "Finish the upgrade: restart the workers of the old version.",
        )
    if len(machines.names(context)) > 1:
        instances = OpenEdXInstance.objects.filter(ref_set__is_archived=False)
        servers = instances.select_related("database_server", "ref_set").order_by("pk")
        for fault in machines.faults_of(servers, context):
            yield Finding("error", fault, machines.REMEDY)
