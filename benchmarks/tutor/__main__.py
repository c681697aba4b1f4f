"""Figures of Tutor beside `tutor local launch`: `.venv/bin/python -m benchmarks.tutor [--write]`.

Tutor, Docker, the databases, LMS and studio in containers are real, but for images that stand in
for those of Open edX. It needs root, and port 443. It prints tables in Markdown; `--write` also
puts each into docs/reference/performance.md as soon as it is measured.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import page
from benchmarks.tutor import many, spawn, upgrade
from benchmarks.tutor.bench import Bench
from demo.servers import PASSWORD, SERVERS
from tests.acceptance.tutors import left_of, shared_servers, tutors
from tests.docker_engine import docker_engine, why_not
from tests.rehearsal_images import images

MEASURES: Mapping[str, Callable[[Bench, int], str]] = {
    "upgrade": upgrade.table,
    "spawn": spawn.tables,
    "many": many.table,
}
IMAGES = (
    *(f"openedx:{tag}" for tag in ("ulmo", "verawood", "broken")),
    *(f"{name}:latest" for name in ("caddy", "mfe", "permissions", *SERVERS)),
)


def measure(name: str, runs: int) -> str:
    """Run one of the measurements on servers and an installation of its own; return Markdown."""
    with docker_engine() as engine, tempfile.TemporaryDirectory(prefix="ocim-") as directory:
        images(engine, *IMAGES)
        left_before = {*left_of(engine)}
        measured_on = f"{page.machine()}.\n\n"
        # Each instance needs a Redis of its own, also one that is archived.
        brokers = max(many.INSTANCES, len(spawn.SETS) * (runs + 1))
        with (
            shared_servers(engine, brokers=brokers) as addresses,
            tutors(engine, addresses, Path(directory, "installation")) as installation,
        ):
            installation.environment["OCIM_MEILISEARCH_KEY"] = PASSWORD
            url = f"http://{addresses['meilisearch']}"
            installation.ocim("meilisearch-server", "register", "main", url)
            text = MEASURES[name](Bench(engine, addresses, installation), runs)
            for domain in [row["domain"] for row in installation.json("instance", "list")]:
                installation.ocim("instance", "archive", domain, "--yes")
            if left := {*left_of(engine)} - left_before:
                raise SystemExit(f"This was left: {', '.join(sorted(left))}.")
    return f"{measured_on}{text}\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=[*MEASURES], help="may be repeated")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"write into {page.PAGE.name}, too")
    options = parser.parse_args()
    if reason := why_not():
        raise SystemExit(reason)
    for chosen in options.only or MEASURES:
        measured = measure(chosen, options.runs)
        print(measured)
        if options.write:
            page.write(f"tutor {chosen}", measured)
