"""The page of a large fleet: `.venv/bin/python -m benchmarks.fleet_page [--write]`.

The web server is the real one, in a process of its own; another process asks it at a fixed rate,
whether answers come or not.
"""

import json
import math
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psutil

from benchmarks import page
from tests.acceptance.installation import free_ports
from tests.postgresql_server import postgresql_server

RATE = 8.0
"""Requests in a second."""
SECONDS = 60
BASELINE = "/password/"
"""A page with a form and nothing of the fleet."""
ADDRESSES = {
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
INSTANCES = 10_000
APPSERVERS = 10
"""App servers of each instance: one serves, the others are past ones."""


def main() -> str:
    """Measure on each database in a process of its own, and return Markdown."""
    rows = [
        f"{page.machine()}; {INSTANCES:,} instances, {INSTANCES * APPSERVERS:,} app servers,"
        f" {RATE:g} requests in a second.",
        "",
        "| database | request | median | 99th percentile | server's processor | size | queries |",
        "|---|---|---|---|---|---|---|",
    ]
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        rows += pool.apply(measure, ("SQLite", ""))
        with postgresql_server() as url:
            rows += pool.apply(measure, ("PostgreSQL", url))
    return "\n".join(rows) + "\n"


def measure(database: str, url: str) -> list[str]:
    """Create the fleet, serve it, and return the rows of one database."""
    from benchmarks.redeploy.installation import set_up

    set_up(url)
    from django.contrib.auth.models import User
    from django.test import Client

    from tests.world import World

    many(World())
    _analyze()
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.create_superuser("admin"))
    cookie = client.cookies["sessionid"].value
    with _served() as (served, pid):
        before = psutil.Process(pid).cpu_times()
        asked = json.loads(
            subprocess.run(
                [sys.executable, "-m", "benchmarks.fleet_page", "ask", served, cookie],
                check=True, capture_output=True, text=True,
            ).stdout
        )  # fmt: skip
        after = psutil.Process(pid).cpu_times()
    used = after.user + after.system - before.user - before.system
    each = used / sum(len(answers["seconds"]) + 1 for answers in asked.values())
    base = statistics.median(asked[BASELINE]["seconds"])
    rows = [f"| {database} | a page without instances (baseline) | {base * 1000:.0f} ms | | | | |"]
    everything: list[float] = []
    for name, address in ADDRESSES.items():
        seconds, size = asked[address]["seconds"], asked[address]["size"]
        everything += seconds
        rows.append(
            f"| {database} | {name} | {statistics.median(seconds) / base:.1f} × | | |"
            f" {size / 1000:.0f} kB | {_queries(client, address)} |"
        )
    middle, slow = statistics.median(everything), _percentile(everything, 99)
    rows.append(
        f"| {database} | all of these | {middle * 1000:.0f} ms, {middle / base:.1f} × |"
        f" {slow * 1000:.0f} ms, {slow / base:.1f} × | {each * 1000:.0f} ms | | |"
    )
    return rows


def _analyze() -> None:
    """Compute statistics, as PostgreSQL itself does within a minute after rows were written."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def _served() -> Iterator[tuple[str, int]]:
    """Run `ocim web`, and yield its URL and process id once it answers."""
    import httpx

    [port] = free_ports(1)
    environment = os.environ | {"OCIM_WEB_ADDRESS": f"127.0.0.1:{port}"}
    environment.pop("OCIM_LOG_LEVEL", None)
    command = [sys.executable, "-c", "from ocim.project.main import main; main()", "web"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        while True:
            try:
                httpx.get(f"{url}/sign-in/", timeout=60).raise_for_status()
                break
            except httpx.ConnectError:
                assert server.poll() is None, "The web server ended."
                time.sleep(0.1)
        try:
            yield url, server.pid
        finally:
            server.terminate()


def ask(url: str, cookie: str) -> dict[str, dict[str, Any]]:
    """Send requests at the rate, and return how long each took from when it was due."""
    import httpx

    answers: dict[str, dict[str, Any]] = {
        address: {"seconds": [], "size": 0} for address in (BASELINE, *ADDRESSES.values())
    }

    def send(address: str, due: float) -> None:
        time.sleep(max(0.0, due - time.monotonic()))
        response = client.get(url + address)
        response.raise_for_status()
        answers[address]["seconds"].append(time.monotonic() - due)
        answers[address]["size"] = len(response.content)

    limits = httpx.Limits(max_connections=64)
    with (
        httpx.Client(cookies={"sessionid": cookie}, timeout=60, limits=limits) as client,
        ThreadPoolExecutor(64) as pool,
    ):
        addresses = list(answers)
        for address in addresses:  # templates are compiled, connections made
            client.get(url + address).raise_for_status()
        began = time.monotonic()
        sent = [
            pool.submit(send, addresses[number % len(addresses)], began + number / RATE)
            for number in range(int(RATE * SECONDS))
        ]
        for item in sent:
            item.result()
    return answers


def _queries(client: Any, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).content
    return len(captured)


def _percentile(seconds: list[float], percent: int) -> float:
    return sorted(seconds)[math.ceil(len(seconds) * percent / 100) - 1]


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


def _state(pk: int, number: int) -> str:
    """Return the state of an instance's past app server; the last one is its newest."""
    if number < APPSERVERS - 1:
        return "terminated"
    return {1: "failed", 3: "provisioning"}.get(pk % 100, "terminated")


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        print(json.dumps(ask(*sys.argv[2:4])))
    else:
        text = main()
        sys.stdout.write(text)
        if "--write" in sys.argv:
            page.write("fleet_page", text)
