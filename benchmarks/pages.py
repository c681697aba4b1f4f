"""Pages and lists of a large fleet: `.venv/bin/python -m benchmarks.pages [--write]`.

The web server is the real one, in a process of its own; another process asks it at a fixed rate,
whether answers come or not.
"""

import statistics
import sys
from typing import Any

import psutil

from benchmarks import page, served

BASELINE = "/password/"
"""A page with a form and nothing of the fleet."""
FLEET = {
    "the first page": "/",
    "a search": "/?q=campus+12",
    "a search without result": "/?q=nothing+at+all",
    "a state": "/?state=failed",
    "the most frequent state": "/?state=on+the+web&sort=-name",
    "health": "/?health=degraded",
    "a tag, held": "/?tag=tag-3&held=yes",
    "services, release": "/?service=ecommerce&release=open-release%2Fjuniper.2",
    "an organization": "/?organization=Organization+7&sort=-created",
    "another page": "/?sort=organization&after=5000.Organization+4",
}
API = "/api/v1/instances"
OTHERS = {
    "an instance": "/instances/5000/",
    "a rollout of 500": "/rollouts/1/",
    "API: a list with filters": f"{API}?state=on+the+web&service=ecommerce",
    "API: deep inside": f"{API}?sort=organization&after=5000.Organization+4&limit=50",
    "the audit log": "/audit/",
    "the audit log, searched": "/audit/?target=campus",
}
ADDRESSES = {**{f"fleet: {name}": address for name, address in FLEET.items()}, **OTHERS}
INSTANCES = 10_000
APPSERVERS = 10
"""App servers of each instance: one serves, the others are past ones."""
UPGRADES = 500
ENTRIES = 100_000
"""Entries of the audit log."""


def main() -> str:
    """Measure on each database in a process of its own, and return Markdown."""
    return served.on_each_database(
        measure,
        f"{INSTANCES:,} instances, {INSTANCES * APPSERVERS:,} app servers, {ENTRIES:,} entries of"
        f" the audit log, {served.RATE:g} requests in a second",
        ("database", "request", "median", "slowest", "size", "queries"),
    )


def measure(database: str, url: str) -> list[str]:
    """Create the fleet, serve it, and return the rows of one database."""
    from benchmarks.redeploy.installation import set_up

    set_up(url)
    from tests.world import World

    many(World())
    served.analyze()
    client, cookie = served.sign_in()
    with served.served() as (address, pid):
        before = psutil.Process(pid).cpu_times()
        asked = served.answers(address, cookie, [BASELINE, *ADDRESSES.values()])
        after = psutil.Process(pid).cpu_times()
    used = after.user + after.system - before.user - before.system
    each = used / sum(len(answers["seconds"]) + 1 for answers in asked.values())
    rows = []
    everything: list[float] = []
    for name, place in {"a page without instances (baseline)": BASELINE, **ADDRESSES}.items():
        seconds, size = asked[place]["seconds"], asked[place]["size"]
        everything += seconds if place != BASELINE else []
        rows.append(
            f"| {database} | {name} | {statistics.median(seconds) * 1000:.0f} ms"
            f" | {max(seconds) * 1000:.0f} ms | {size / 1000:.0f} kB"
            f" | {served.queries(client, place)} |"
        )
    slow = served.percentile(everything, 99)
    rows.append(
        f"| {database} | **all but the baseline** | {statistics.median(everything) * 1000:.0f} ms"
        f" | 99th percentile: **{slow * 1000:.0f} ms** | processor of the server for each:"
        f" {each * 1000:.0f} ms | |"
    )
    return rows


def many(world: Any) -> None:
    """Create the fleet: some instances are degraded, upgrading, failed, down, held or tagged."""
    from django.utils import timezone

    from benchmarks.redeploy.installation import fleet
    from ocim.store.models import InstanceReference, InstanceTag, OpenEdXAppServer, OpenEdXInstance

    fleet(INSTANCES, world, variables="[]")
    fields = {"effective_variables": "[]", "openedx_release": "open-release/ironwood.2"}
    ids = list(OpenEdXInstance.objects.order_by("id").values_list("id", flat=True)[1:])
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        OpenEdXAppServer.objects.bulk_create(
            OpenEdXAppServer(instance_id=pk, state=_state(pk, number), **fields)
            for number in range(1, APPSERVERS)
            for pk in some
        )
    now = timezone.now()
    served = OpenEdXAppServer.objects.filter(is_active=True)
    served.filter(instance_id__in=ids[::50]).update(unhealthy_since=now)
    served.filter(instance_id__in=[pk for pk in ids if pk % 100 in (1, 2)]).update(is_active=False)
    everything = OpenEdXInstance.objects
    everything.filter(pk__in=ids[::3]).update(
        openedx_release="open-release/juniper.2", optional_services="discovery ecommerce"
    )
    for number in range(100):
        organization = InstanceReference.objects.filter(pk__in=ids[number::100])
        organization.update(organization=f"Organization {number}")
        tag = InstanceTag.objects.create(name=f"tag-{number}")
        tag.openedxinstance_set.add(*ids[number::50])
    InstanceReference.objects.filter(pk__in=ids[::70]).update(hold_reason="exams")
    _history(ids)


def _state(pk: int, number: int) -> str:
    """Return the state of an instance's past app server; the last one is its newest."""
    if number < APPSERVERS - 1:
        return "terminated"
    return {1: "failed", 3: "provisioning"}.get(pk % 100, "terminated")


def _history(ids: list[int]) -> None:
    """Create a rollout in the middle of its work, and entries of the audit log."""
    from datetime import timedelta

    from django.utils import timezone

    from ocim.core.states import UpgradeState
    from ocim.store.models import AuditEntry, Upgrade
    from tests.web.fleet import make_rollout

    now = timezone.now()
    rollout = make_rollout()
    states = [*[UpgradeState.SUCCEEDED] * 3, UpgradeState.PENDING]
    Upgrade.objects.bulk_create(
        Upgrade(
            rollout=rollout,
            instance_id=pk,
            label=f"Campus {pk}",
            state=states[number % len(states)],
            started_at=now - timedelta(hours=number),
            ended_at=now - timedelta(hours=number - 1),
        )
        for number, pk in enumerate(ids[:UPGRADES])
    )
    for start in range(0, ENTRIES, 5000):
        AuditEntry.objects.bulk_create(
            AuditEntry(
                time=now - timedelta(minutes=number),
                actor_kind="page",
                actor_name=f"person {number % 20}",
                action="instance.change",
                target_kind="instance",
                target_id=str(pk),
                target_name=f"Campus {pk}",
                instance_id=pk,
                before={"name": "old"},
                after={"name": "new"},
            )
            for number in range(start, start + 5000)
            for pk in [ids[number % len(ids)]]
        )


if __name__ == "__main__":
    text = main()
    sys.stdout.write(text)
    if "--write" in sys.argv:
        page.write("pages", text)
