"""docs/reference/performance.md: what benchmarks write into it, each between its own marks."""

import os
import platform
import re
from pathlib import Path

import psutil

PAGE = Path(__file__).parents[1] / "docs/reference/performance.md"


def machine() -> str:
    """What was measured on, and how busy it was with other things."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()};"
        f" load {os.getloadavg()[0]:.1f} at the beginning"
    )


def write(benchmark: str, text: str) -> None:
    """Put it where the page has `<!-- benchmarks/NAME -->` up to `<!-- end -->`."""
    begin, end = f"<!-- benchmarks/{benchmark} -->\n", "<!-- end -->\n"
    pattern = re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.DOTALL)
    written, count = pattern.subn(lambda _: text, PAGE.read_text())
    if not count:
        raise SystemExit(f"{PAGE} has no place for benchmarks/{benchmark}.")
    PAGE.write_text(written)
