"""The time from a fresh clone to a usable demo."""

import subprocess
import time
from pathlib import Path

import psutil

from tests.acceptance.installation import REPOSITORY, Installation


def table(directory: Path, _runs: int) -> str:
    """Return a table with the seconds of `make env` and then `make run` in a new clone, once."""
    clone = directory / "clone"
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True)
    settings = Installation(directory).environment
    settings.pop("DJANGO_SETTINGS_MODULE")
    started = time.perf_counter()
    subprocess.run(
        ["make", "--quiet", "env"], cwd=clone, env=settings, check=True, capture_output=True
    )
    environment = time.perf_counter() - started
    demo = _demo(clone, settings)
    return f"""\
| `make run` in a fresh clone, with an empty HOME | seconds |
|---|---|
| environment: all packages from the index | {environment:.1f} |
| from there to a demo instance that can be opened | {demo:.1f} |"""


def _demo(clone: Path, settings: dict[str, str]) -> float:
    started = time.perf_counter()
    with subprocess.Popen(
        ["make", "--quiet", "run"],
        cwd=clone,
        env=settings | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as made:
        assert made.stdout is not None
        output = ""
        for line in made.stdout:
            output += line
            if "Ctrl-C" in line:
                break
        duration = time.perf_counter() - started
        for process in psutil.Process(made.pid).children():
            process.terminate()
        made.stdout.read()
    if "Active." not in output:
        raise SystemExit(f"The demo is not active:\n{output}")
    return duration
