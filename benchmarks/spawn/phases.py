"""The seconds of a spawn by phase, and by task of Ansible."""

import json
import sqlite3
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import page
from benchmarks.spawn import services
from tests.acceptance.installation import Installation, installed

SLOWEST = 8
PHASES = {
    "Checking the configuration.": "waiting for a worker",
    "Asking ": "checking the configuration (`ansible-playbook --syntax-check`)",
    "Provisioning ": "making the host",
    "Running.": "health check on the host",
    "Active.": "balancer: check, switch traffic, check through it",
}
"""Names of the phases, in order, by the beginning of the log line that ends each."""
ANSIBLE = "Ansible"

Durations = dict[str, float]


def tables(directory: Path, runs: int) -> str:
    """Return tables of the first app server and of an upgrade, on `local` hosts from an image."""
    texts = []
    with installed(directory) as installation:
        services.make_search_server(installation, "local")
        for title, settings in services.SETS.items():
            first, upgrade = [], []
            for number in range(runs):
                domain = f"{title.split()[0].lower()}{number}.localhost"
                installation.instance(domain, provider="local", **settings)
                build_image(installation, domain)
                first.append(spawn(installation, domain))
                release = "openedx_release=open-release/juniper.3"
                installation.ocim("instance", "set", domain, release)
                build_image(installation, domain)
                upgrade.append(spawn(installation, domain))
                installation.ocim("instance", "archive", domain, "--yes")
            texts.append(table(title, medians(first), medians(upgrade)))
    return "\n\n".join(texts)


def build_image(installation: Installation, domain: str) -> None:
    """Build the image for an instance, unless it exists."""
    page.tell(f"{domain}: building its image")
    installation.ocim("image", "build", domain)


def spawn(installation: Installation, domain: str) -> Durations:
    """Spawn and activate an app server; return the seconds by phase and by task."""
    page.tell(f"{domain}: spawning an app server")
    installation.ocim("appserver", "spawn", domain, "--activate")
    newest = installation.appservers(domain)[0]["id"]
    with sqlite3.connect(installation.var / "ocim.sqlite3") as database:
        (requested,) = database.execute(
            "select created from store_openedxappserver where id = ?", [newest]
        ).fetchone()
    output = installation.ocim("appserver", "logs", str(newest), "--json")
    lines = [json.loads(line) for line in output.splitlines()]
    times = durations(datetime.fromisoformat(requested).replace(tzinfo=UTC), lines)
    page.tell(f"{domain}: active after {times['total']:.1f} s")
    return times


def durations(requested: datetime, lines: Sequence[Mapping[str, Any]]) -> Durations:
    """Return seconds by phase and, with a leading dash, by task.

    `total` is from the request to active.
    """
    times: Durations = {}
    last = requested
    for line in lines:
        now, task, text = datetime.fromisoformat(line["time"]), line["task"], line["text"]
        if task or text.startswith("play:"):
            times[ANSIBLE] = times.get(ANSIBLE, 0) + (now - last).total_seconds()
            last = now
            if line["status"] in ("ok", "changed"):
                times[f"- {task}"] = line["seconds"] or 0.0
        for beginning, phase in PHASES.items():
            if not task and text.startswith(beginning):
                times[phase] = (now - last).total_seconds()
                last = now
    if PHASES["Active."] not in times:
        raise SystemExit("The log does not say that the app server became active.")
    times["total"] = (last - requested).total_seconds()
    return times


def table(title: str, first: Mapping[str, float], upgrade: Mapping[str, float]) -> str:
    """Return a table of both, with the slowest of Ansible's tasks."""
    tasks = sorted((name for name in first if name.startswith("- ")), key=first.__getitem__)
    before, (running, active) = list(PHASES.values())[:3], list(PHASES.values())[3:]
    names = [*before, ANSIBLE, *reversed(tasks[-SLOWEST:]), running, active, "total"]
    rows = [
        f"| {title}, `local`, from an image | first app server, s | upgrade, s |",
        "|---|---|---|",
        *(
            f"| {shown(name)} | {first.get(name, 0):.2f} | {upgrade.get(name, 0):.2f} |"
            for name in names
        ),
    ]
    return "\n".join(rows)


def shown(name: str) -> str:
    """Return the name of a phase or task as the first cell of a row."""
    return f"&nbsp;&nbsp;{name[2:]}" if name.startswith("- ") else name


def medians(runs: Sequence[Durations]) -> Durations:
    """Return the medians of all phases and tasks; one that a run did not have took no time."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: statistics.median(run.get(name, 0.0) for run in runs) for name in names}
