"""Rollouts in figures: `.venv/bin/python -m benchmarks.redeploy [--write]`.

Prints tables in Markdown; `--write` puts them into docs/reference/performance.md as well.
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
    """All that is measured, as Markdown."""
    measured_on = f"{page.machine()}."
    launched = launches()
    slowest = max(found["refill"] for found in launched.values())
    return "\n\n".join(
        [measured_on, makespans(refill=slowest), planning(), launch_table(launched)]
    ) + "\n"  # fmt: skip


def makespans(*, refill: float) -> str:
    """Medians over the seeds, as multiples of the lower bound."""
    kinds: dict[str, tuple[int, ...]] = {
        "15, 25, 60 and 90 minutes": makespan.MINUTES,
        **{f"{one} minutes": (one,) for one in makespan.MINUTES},
    }
    rows = [
        f"| {makespan.INSTANCES} instances, {makespan.SLOTS} slots, jobs of ±15 % | list scheduling"
        " | Ocim | fixed poll of 600 s |",
        "|---|---|---|---|",
    ]
    for name, minutes in kinds.items():
        bounds, ours, polled = [], [], []
        for seed in SEEDS:
            seconds = makespan.jobs(seed, minutes)
            bound = makespan.lower_bound(seconds)
            bounds.append(bound / 3600)
            ours.append(makespan.of_engine(seconds, refill=refill) / bound)
            polled.append(makespan.with_fixed_poll(seconds) / bound)
        median = statistics.median
        rows.append(
            f"| {name} | {median(bounds):.1f} h | {median(ours):.4f} × | {median(polled):.2f} × |"
        )
    return "\n".join(rows)


def planning() -> str:
    """Seconds of the processor; the baseline is reading the instances once."""
    rows = [
        "| instances | read them once (baseline) | plan | `--show-instances` | look of the engine"
        " | memory of the command, at most |",
        "|---|---|---|---|---|---|",
    ]
    for size in SIZES:
        found = child("planning", str(size))
        base = found["read"]
        rows.append(
            f"| {size:,} | {base:.3f} s | {found['plan']:.2f} s, {found['plan'] / base:.0f} × |"
            f" {found['show']:.2f} s, {found['show'] / base:.0f} × |"
            f" {found['look']:.3f} s, {found['look'] / base:.1f} × | +{found['memory']:.0f} MiB |"
        )
    return "\n".join(rows)


def launches() -> dict[str, dict[str, float]]:
    """By the kind of database and queue."""
    words = [str(LAUNCHES), str(PROVISIONING)]
    found = {"SQLite": child("launches", *words)}
    with postgresql_server() as database, redis_server() as queue:
        found["PostgreSQL, Redis"] = child("launches", *words, database, queue)
    return found


def launch_table(found: dict[str, dict[str, float]]) -> str:
    """What the engine does, and whole upgrades, against rows that are written one by one."""
    rows = [
        "| database, queue | rows written one by one (baseline) | starts of upgrades"
        " | whole upgrades, nothing outside | refill of a free slot: median, longest |",
        "|---|---|---|---|---|",
    ]
    for kind, one in found.items():
        base = one["insert"]
        rows.append(
            f"| {kind} | {base:.0f}/s | {one['starts']:.0f}/s, {one['starts'] / base:.2f} × |"
            f" {one['upgrades']:.1f}/s, {one['upgrades'] / base:.3f} × |"
            f" {one['refill']:.2f} s, {one['slowest']:.2f} s |"
        )
    return "\n".join(rows)


def child(module: str, *words: str) -> Any:
    """A measurement in a process of its own, so that memory and settings are its own, too."""
    command = [sys.executable, "-m", f"benchmarks.redeploy.{module}", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"into {page.PAGE.name}, too")
    given = parser.parse_args()
    measured = main()
    print(measured)
    if given.write:
        page.write("redeploy", measured)
