"""From `spawn` to `active`, and from a clone to a demo: `.venv/bin/python -m benchmarks.spawn`.

Everything is real: a clone of this repository with an empty HOME, then a running installation.
Prints tables in Markdown; `--write` puts them into docs/reference/performance.md as well.
"""

import argparse
import os
import platform
import re
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import psutil

from benchmarks import ways
from tests.acceptance.installation import REPOSITORY, Installation, installed

PAGE = REPOSITORY / "docs/reference/performance.md"
BEGIN, END = "<!-- benchmarks/spawn.py -->\n", "<!-- end -->\n"
SLOWEST = 8
SETTINGS: dict[str, str] = {}
"""Of the instances."""
PHASES = {
    "Checking the configuration.": "waiting for a worker",
    "Asking ": "checking the configuration (`ansible-playbook --syntax-check`)",
    "Provisioning ": "making the host",
    "Running.": "health check on the host",
    "Active.": "balancer: check, swing, check through it",
}
"""The log line that ends a phase, by its beginning, in order."""
ANSIBLE = "Ansible"
LINES = """
select log.time, log.task, log.status, log.seconds, log.text from store_logentry log
where log.appserver_id = ? order by log.id
"""

Durations = dict[str, float]


def main(runs: int) -> str:
    """All that is measured, as Markdown."""
    load, *_ = os.getloadavg()
    memory = psutil.virtual_memory().total / 2**30
    machine = (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()};"
        f" load {load:.1f} at the beginning; medians; runs: {runs}."
    )
    with tempfile.TemporaryDirectory(prefix="ocim-") as directory:
        environment, demo = from_nothing(Path(directory))
    with tempfile.TemporaryDirectory(prefix="ocim-") as directory:
        first, upgrade = spawns(Path(directory), runs)
    with tempfile.TemporaryDirectory(prefix="ocim-") as directory:
        total = lambda *what: spawn(*what)["total"]  # noqa: E731
        by_way = ways.table(Path(directory), total, SETTINGS, runs)
    return (
        "\n\n".join(
            (
                machine,
                by_way,
                table(first, upgrade),
                f"""\
| `make run` in a fresh clone, with an empty HOME | seconds |
|---|---|
| environment: all packages from the index | {environment:.1f} |
| from there to a demo instance that can be opened | {demo:.1f} |""",
            )
        )
        + "\n"
    )


def from_nothing(directory: Path) -> tuple[float, float]:
    """Seconds of `make env` in a new clone, and then of `make run`."""
    clone = directory / "clone"
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True)
    settings = Installation(directory).environment
    settings.pop("DJANGO_SETTINGS_MODULE")
    environment = _seconds(["make", "--quiet", "env"], clone, settings)
    started = time.perf_counter()
    with subprocess.Popen(
        ["make", "--quiet", "run"], cwd=clone, env=settings | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    ) as made:  # fmt: skip
        assert made.stdout is not None
        said = ""
        for line in made.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        demo = time.perf_counter() - started
        for process in psutil.Process(made.pid).children():
            process.terminate()
        made.stdout.read()
    if "Active." not in said:
        raise SystemExit(f"The demo is not active:\n{said}")
    return environment, demo


def spawns(directory: Path, runs: int) -> tuple[list[Durations], list[Durations]]:
    """What took how long: first app servers of new instances, and those that took over."""
    first, upgrade = [], []
    with installed(directory) as installation:
        for number in range(runs):
            domain = installation.instance(f"campus{number}.localhost", **SETTINGS)
            installation.ocim("image", "build", domain)
            first.append(spawn(installation, domain))
            installation.ocim("instance", "set", domain, "openedx_release=open-release/juniper.3")
            installation.ocim("image", "build", domain)
            upgrade.append(spawn(installation, domain))
            installation.ocim("instance", "archive", domain, "--yes")
    return first, upgrade


def spawn(installation: Installation, domain: str) -> Durations:
    """Spawn and activate; seconds by phase, and by task of Ansible."""
    installation.ocim("appserver", "spawn", domain, "--activate")
    newest = installation.appservers(domain)[0]["id"]
    with sqlite3.connect(installation.var / "ocim.sqlite3") as database:
        (asked,) = database.execute(
            "select created from store_openedxappserver where id = ?", [newest]
        ).fetchone()
        lines = database.execute(LINES, [newest]).fetchall()
    return durations(_moment(asked), lines)


def durations(asked: datetime, lines: list[tuple[str, str, str, float | None, str]]) -> Durations:
    """By phase and, with a leading dash, by task; `total` is from asking to active."""
    found: Durations = {}
    last = asked
    for time_, task, status, seconds, text in lines:
        now = _moment(time_)
        if task or text.startswith("play:"):
            found[ANSIBLE] = found.get(ANSIBLE, 0) + (now - last).total_seconds()
            last = now
            if status in ("ok", "changed"):
                found[f"- {task}"] = seconds or 0.0
        for beginning, phase in PHASES.items():
            if not task and text.startswith(beginning):
                found[phase] = (now - last).total_seconds()
                last = now
    found["total"] = (last - asked).total_seconds()
    return found


def table(first: list[Durations], upgrade: list[Durations]) -> str:
    """The medians side by side; of Ansible's tasks the slowest."""
    one, other = _medians(first), _medians(upgrade)
    tasks = sorted((name for name in one if name.startswith("- ")), key=one.__getitem__)
    before, (running, active) = list(PHASES.values())[:3], list(PHASES.values())[3:]
    names = [*before, ANSIBLE, *reversed(tasks[-SLOWEST:]), running, active, "total"]
    rows = [
        "| from `spawn --activate` to *active* | first app server, s | upgrade, s |",
        "|---|---|---|",
        *(f"| {_shown(name)} | {one[name]:.2f} | {other.get(name, 0):.2f} |" for name in names),
    ]
    return "\n".join(rows)


def _shown(name: str) -> str:
    return f"&nbsp;&nbsp;{name[2:]}" if name.startswith("- ") else name


def _medians(runs: list[Durations]) -> Mapping[str, float]:
    return {name: statistics.median(run.get(name, 0.0) for run in runs) for name in runs[0]}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _seconds(command: list[str], directory: Path, environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}, too")
    given = parser.parse_args()
    measured = main(given.runs)
    print(measured)
    if given.write:
        pattern = re.compile(f"(?<={re.escape(BEGIN)}).*(?={re.escape(END)})", re.DOTALL)
        PAGE.write_text(pattern.sub(lambda _: measured, PAGE.read_text()))
