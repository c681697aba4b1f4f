"""Figures of rollouts: `.venv/bin/python -m benchmarks.redeploy [--write]`.

It prints tables in Markdown; `--write` also puts them into docs/reference/performance.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
from typing import Any

from benchmarks import page
from benchmarks.redeploy import makespan
from tests.postgresql_server import postgresql_server
from tests.redis_server import redis_server

SIZES = (100, 1000, 10_000)
SEEDS = range(20)
LAUNCHES = 120
PROVISIONING = 0.5


def main() -> str:
    """Measure everything, and return Markdown."""
    measured_on = f"{page.machine()}."
    launched = launches()
    slowest = max(figures["refill"] for figures in launched.values())
    tables = [makespans(refill=slowest), planning(), launch_table(launched)]
    return "\n\n".join([measured_on, *tables]) + "\n"


def makespans(*, refill: float) -> str:
    """Return a table of medians over the seeds, as multiples of the lower bound."""
    kinds: dict[str, tuple[int, ...]] = {
        "15, 25, 60 and 90 minutes": makespan.MINUTES,
        **{f"{minutes} minutes": (minutes,) for minutes in makespan.MINUTES},
    }
    rows = [
        f"| {makespan.INSTANCES} instances, {makespan.SLOTS} slots, jobs of ±15 % | list scheduling"
        " | Ocim | fixed poll of 600 s |",
        "|---|---|---|---|",
    ]
    for name, minutes in kinds.items():
        bounds, engine, polled = [], [], []
        for seed in SEEDS:
            seconds = makespan.jobs(seed, minutes)
            bound = makespan.lower_bound(seconds)
            bounds.append(bound / 3600)
            engine.append(makespan.of_engine(seconds, refill=refill) / bound)
            polled.append(makespan.with_fixed_poll(seconds) / bound)
        median = statistics.median
        rows.append(
            f"| {name} | {median(bounds):.1f} h | {median(engine):.4f} × | {median(polled):.2f} × |"
        )
    return "\n".join(rows)


def planning() -> str:
    """Return a table of processor times; the baseline is reading the instances once."""
    rows = [
        "| instances | read them once (baseline) | plan | `--show-instances` | look of the engine"
        " | memory of the command, at most |",
        "|---|---|---|---|---|---|",
    ]
    for size in SIZES:
        figures = child("planning", str(size))
        base = figures["read"]
        rows.append(
            f"| {size:,} | {base:.3f} s | {figures['plan']:.2f} s, {figures['plan'] / base:.0f} × |"
            f" {figures['show']:.2f} s, {figures['show'] / base:.0f} × |"
            f" {figures['look']:.3f} s, {figures['look'] / base:.1f} × |"
            f" +{figures['memory']:.0f} MiB |"
        )
    return "\n".join(rows)


def launches() -> dict[str, dict[str, float]]:
    """Measure upgrades with each kind of database and queue; return the figures by kind."""
    words = [str(LAUNCHES), str(PROVISIONING)]
    figures = {"SQLite": child("launches", *words)}
    with postgresql_server() as database, redis_server() as queue:
        figures["PostgreSQL, Redis"] = child("launches", *words, database, queue)
    return figures


def launch_table(launched: dict[str, dict[str, float]]) -> str:
    """Return a table of upgrades in a second, beside rows that are inserted one by one."""
    rows = [
        "| database, queue | rows written one by one (baseline) | starts of upgrades"
        " | whole upgrades, nothing outside | refill of a free slot: median, longest |",
        "|---|---|---|---|---|",
    ]
    for kind, figures in launched.items():
        base, starts, upgrades = figures["insert"], figures["starts"], figures["upgrades"]
        rows.append(
            f"| {kind} | {base:.0f}/s | {starts:.0f}/s, {starts / base:.2f} × |"
            f" {upgrades:.1f}/s, {upgrades / base:.3f} × |"
            f" {figures['refill']:.2f} s, {figures['slowest']:.2f} s |"
        )
    return "\n".join(rows)


def child(module: str, *words: str) -> Any:
    """Run a measurement in a process of its own, with memory and settings of its own."""
    command = [sys.executable, "-m", f"benchmarks.redeploy.{module}", *words]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout.splitlines()[-1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write into {page.PAGE.name}, too")
    options = parser.parse_args()
    measured = main()
    print(measured)
    if options.write:
        page.write("redeploy", measured)
