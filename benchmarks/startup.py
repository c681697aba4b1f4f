"""Processor time of short commands, against Django's own start in the same run.

`.venv/bin/python -m benchmarks.startup --write`. Rounds alternate, so that what disturbs the
machine disturbs all of them; figures are medians.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import page

ROUNDS = 15
OCIM = str(Path(sys.executable).with_name("ocim"))
DJANGO = "import django; from django.conf import settings; settings.configure(); django.setup()"
BASELINE = [sys.executable, "-c", DJANGO]
COMMANDS = ("--help", "--version", "instance list", "rollout list", "appserver list")
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def main() -> str:
    """Return the page's table."""
    machine = page.machine()
    with tempfile.TemporaryDirectory() as var:
        environment = os.environ | {"OCIM_VAR": var, "OCIM_MASTER_KEY": KEY}
        subprocess.run([OCIM, "migrate"], env=environment, check=True, capture_output=True)
        programs = {
            "Django": BASELINE,
            **{name: [OCIM, *name.split()] for name in COMMANDS},
        }
        seconds: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, program in programs.items():
                seconds[name].append(_processor_seconds(program, environment))
    medians = {name: median(times) for name, times in seconds.items()}
    baseline = medians.pop("Django")
    rows = [
        f"| `ocim {name}` | {time:.2f} s | {time / baseline:.1f} × |"
        for name, time in medians.items()
    ]
    return "\n".join(
        [
            f"{machine}; medians of {ROUNDS} rounds.",
            "",
            "| command | processor time | of Django's start |",
            "|---|---|---|",
            f"| `django.setup()` alone (baseline) | {baseline:.2f} s | 1 × |",
            *rows,
            "",
        ]
    )


def _processor_seconds(program: list[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(program, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    text = main()
    sys.stdout.write(text)
    if "--write" in sys.argv:
        page.write("startup", text)
