"""The figures in docs/reference/performance.md: each benchmark writes between its own marks."""

import os
import platform
import re
import sys
import time
from pathlib import Path

import psutil

PAGE = Path(__file__).parents[1] / "docs/reference/performance.md"


def machine() -> str:
    """Describe the machine that the figures are from, and its load."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()};"
        f" load {os.getloadavg()[0]:.1f} at the beginning"
    )


def tell(text: str) -> None:
    """Print a line about the progress to standard error, with the time and the load."""
    now = time.strftime("%H:%M:%S")
    print(f"{now} (load {os.getloadavg()[0]:.1f}) {text}", file=sys.stderr, flush=True)


def write(benchmark: str, text: str) -> None:
    """Replace the text between `<!-- benchmarks/NAME -->` and `<!-- end -->` on the page."""
    begin, end = f"<!-- benchmarks/{benchmark} -->\n", "<!-- end -->\n"
    pattern = re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.DOTALL)
    written, count = pattern.subn(lambda _: text, PAGE.read_text())
    if not count:
        raise SystemExit(f"{PAGE} has no place for benchmarks/{benchmark}.")
    PAGE.write_text(written)
