"""The seconds from `spawn` to *active*, and from a clone to a demo: `… -m benchmarks.spawn`.

Everything is real: running installations, and a clone of this repository with an empty HOME. It
prints tables in Markdown; `--write` also puts each into docs/reference/performance.md as soon as it
is measured.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks import page
from benchmarks.spawn import from_nothing, phases, servers, ways

MEASURES: Mapping[str, Callable[[Path, int], str]] = {
    "local": partial(ways.table, "local"),
    "phases": phases.tables,
    "nspawn": partial(ways.table, "nspawn"),
    "servers": servers.table,
    "from-nothing": from_nothing.table,
}


def measure(name: str, runs: int) -> str:
    """Run one of the measurements, and return Markdown."""
    measured_on = f"{page.machine()}; medians; runs: {runs}."
    with tempfile.TemporaryDirectory(prefix="ocim-") as directory:
        return f"{measured_on}\n\n{MEASURES[name](Path(directory), runs)}\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=[*MEASURES], help="may be repeated")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"write into {page.PAGE.name}, too")
    options = parser.parse_args()
    for chosen in options.only or MEASURES:
        measured = measure(chosen, options.runs)
        print(measured)
        if options.write:
            page.write(f"spawn {chosen}", measured)
