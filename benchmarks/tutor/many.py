"""Many app servers on one engine: their time, memory and networks.

They are as many as memory holds, if it holds fewer.
"""

import re
import sqlite3
import statistics
import time
from contextlib import closing
from functools import partial

import httpx
import psutil

from benchmarks import page
from benchmarks.tutor.bench import Bench
from tests.acceptance.installation import PATIENCE, until

INSTANCES, EACH = 8, 4
AT_ONCE = 2
"""Instances that are spawned at once: threads of a worker, by default."""
ONE_WORKER = "TUTOR_OPENEDX_LMS_UWSGI_WORKERS: 1\nTUTOR_OPENEDX_CMS_UWSGI_WORKERS: 1\n"
NEEDED = 5 * 2**30
"""Bytes of memory that must be free before eight more are spawned, which take 300 MB each."""
UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def table(bench: Bench, _runs: int) -> str:
    """Return a table of what they take, once."""
    installation = bench.installation
    domains: list[str] = []
    began = time.monotonic()
    while len(domains) < INSTANCES and psutil.virtual_memory().available > NEEDED:
        for _ in range(AT_ONCE):
            domain = f"campus{len(domains)}.example.com"
            domains.append(bench.create(domain, "verawood", more=ONE_WORKER))
            bench.spawn(domain, "--count", str(EACH), "--no-wait")
        count = len(domains) * EACH
        page.tell(f"spawning app servers, to {count} in all")
        until(partial(_are_running, bench, count), "They do not run.", seconds=2 * PATIENCE)
    spawned = time.monotonic() - began
    appservers = _appservers(bench)
    answers = [_seconds(*appserver) for appserver in appservers]
    memory = _memory(bench)
    label = ("--filter", "label=ocim.host", "--quiet")
    networks = bench.engine.docker("network", "ls", *label).split()
    containers = bench.engine.docker("ps", *label).split()
    page.tell("removing all")
    began = time.monotonic()
    for domain in domains:
        installation.ocim("instance", "archive", domain, "--yes", timeout=PATIENCE)
    until(lambda: not _appservers(bench), "App servers are left.")
    removed = time.monotonic() - began
    count = len(appservers)
    median, slowest = (
        f"{1000 * seconds:.0f} ms" for seconds in (statistics.median(answers), max(answers))
    )
    rows = [
        (f"{count} app servers of {len(domains)} instances", "in all", "each"),
        ("---", "---", "---"),
        (f"spawn, {AT_ONCE} at once", f"{spawned:.0f} s", f"{spawned / count:.1f} s"),
        (
            "memory of their containers",
            f"{memory / 2**30:.1f} GiB",
            f"{memory / 2**20 / count:.0f} MiB",
        ),
        ("containers", f"{len(containers)}", f"{len(containers) / count:.0f}"),
        ("networks", f"{len(networks)}", f"{len(networks) / count:.0f}"),
        ("heartbeat, one after another", "all answer", f"median {median}, slowest {slowest}"),
        ("removal", f"{removed:.0f} s", f"{removed / count:.1f} s"),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _are_running(bench: Bench, count: int) -> bool:
    return len(_appservers(bench)) >= count


def _appservers(bench: Bench) -> list[tuple[str, str]]:
    """Return address and domain of each app server that runs."""
    query = (
        "select server.address, instance.internal_lms_domain from store_openedxappserver appserver"
        " join store_server server on server.id = appserver.server_id"
        " join store_openedxinstance instance on instance.id = appserver.instance_id"
        " where appserver.state = 'running'"
    )
    database = sqlite3.connect(f"file:{bench.installation.var}/ocim.sqlite3?mode=ro", uri=True)
    with closing(database):
        return database.execute(query).fetchall()


def _seconds(address: str, domain: str) -> float:
    began = time.monotonic()
    url = f"http://{address}/heartbeat"
    answer = httpx.get(url, headers={"Host": domain}, timeout=60).raise_for_status()
    if not answer.json()["sql"]["status"]:
        raise SystemExit(f"{domain} at {address} is not well: {answer.text}")
    return time.monotonic() - began


def _memory(bench: Bench) -> float:
    """Return the bytes that the containers of all hosts have."""
    names = bench.engine.docker(
        "ps", "--filter", "label=ocim.host", "--format", "{{.Names}}"
    ).split()
    usages = bench.engine.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", *names)
    read = (re.match(r"([\d.]+)([KMG]?i?B)", line) for line in usages.splitlines())
    return sum(float(found[1]) * UNITS[found[2]] for found in read if found)
