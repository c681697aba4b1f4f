"""From `spawn` to *active*, and from a clone to a demo: `.venv/bin/python -m benchmarks.spawn`.

Everything is real: a clone of this repository with an empty HOME, then running installations.
Prints tables in Markdown; `--write` puts them into docs/reference/performance.md as well.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks import page
from benchmarks.spawn import from_nothing, phases, ways


def main(runs: int) -> str:
    """All that is measured, as Markdown."""
    tables = [f"{page.machine()}; medians; runs: {runs}."]
    for measure in (ways.tables, phases.tables, lambda directory, _: from_nothing.table(directory)):
        with tempfile.TemporaryDirectory(prefix="ocim-") as directory:
            tables.append(measure(Path(directory), runs))
    return "\n\n".join(tables) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"into {page.PAGE.name}, too")
    given = parser.parse_args()
    measured = main(given.runs)
    print(measured)
    if given.write:
        page.write("spawn", measured)
