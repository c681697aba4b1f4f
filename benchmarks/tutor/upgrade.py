"""An upgrade of a fleet with visitors at all sites, its undo, and one to images that are broken.

Beside it: the same upgrade of one site in place, by `tutor local launch`.
"""

import json
import time
from functools import partial
from typing import Any

from benchmarks import page
from benchmarks.tutor.bench import RELEASES, Bench
from benchmarks.tutor.launched import launched, until_healthy
from benchmarks.tutor.visitors import Counts, total, visitors
from tests.acceptance.installation import PATIENCE, until
from tests.acceptance.traffic import Visitor

FLEET = tuple(f"campus{number}.example.com" for number in range(6))
OLD, NEW, BROKEN = "ulmo", "verawood", "broken"


def table(bench: Bench, _runs: int) -> str:
    """Return a table with a row for each upgrade, once."""
    rows = [
        f"| {OLD} → {NEW} | s | answers | failures | longest time without an answer |",
        "|---|---|---|---|---|",
        _row("one site in place, `tutor local launch`", *_in_place(bench)),
    ]
    for domain in FLEET:
        page.tell(f"{domain}: spawning its first app server")
        bench.create(domain, OLD)
        bench.spawn(domain, "--activate")
    seconds, counts, report = _rollout(bench, NEW)
    _expect(report["counts"] == {"successful": len(FLEET)}, f"The upgrade: {report['counts']}")
    _expect(_releases(bench) == {RELEASES[NEW]}, "The fleet does not serve the new release.")
    runs = [line["preview"] for line in report["instances"]]
    migrations = {migration["name"] for run in runs if run for migration in run["migrations"]}
    title = f"{len(FLEET)} instances, canary first, two at once, dry run of migrations"
    rows.append(_row(title, seconds, counts))
    seconds, counts = _undo(bench, report["id"])
    _expect(_releases(bench) == {RELEASES[OLD]}, "The fleet does not serve the old release.")
    rows.append(_row("its undo", seconds, counts))
    seconds, counts, report = _rollout(bench, BROKEN)
    expected = {"failed": 1, "pending": len(FLEET) - 1}
    _expect(report["counts"] == expected, f"Broken images: {report['counts']}")
    _expect({*counts.answers} == {RELEASES[OLD]}, f"Broken images answered: {counts.answers}")
    rows.append(_row("images whose heartbeat fails: stopped at the canary", seconds, counts))
    bench.installation.ocim("rollout", "abort", str(report["id"]))
    return "\n".join([*rows, "", f"Migrations: {', '.join(sorted(migrations))}."])


def _in_place(bench: Bench) -> tuple[float, Counts]:
    with launched(bench, 0) as site:
        page.tell("launching a site by Tutor alone")
        site.launch(OLD)
        until_healthy(site)
        page.tell("upgrading it in place")
        with visitors([site.connect]) as counts:
            seconds = site.launch(NEW) + until_healthy(site)
    _expect(RELEASES[NEW] in counts[0].answers, f"In place: {counts[0].answers}")
    return seconds, total(counts)


def _rollout(bench: Bench, tag: str) -> tuple[float, Counts, Any]:
    """Roll out to the images of that tag; return seconds, counts and the record."""
    page.tell(f"a rollout to {tag}")
    fields = bench.installation.directory / "update.json"
    fields.write_text(json.dumps(bench.fields(tag)))
    with visitors(_sites(bench)) as counts:
        began = time.monotonic()
        bench.installation.run(
            *("redeploy", f"--tag={tag}", f"--update=@{fields}", "--canary=1", "--force"),
            timeout=10 * PATIENCE,
        )
        seconds = time.monotonic() - began
    newest = max(row["id"] for row in bench.installation.json("rollout", "list"))
    return seconds, total(counts), bench.installation.json("rollout", "show", str(newest))


def _undo(bench: Bench, rollout: int) -> tuple[float, Counts]:
    page.tell("its undo")
    number = str(rollout)

    def is_undone() -> bool:
        counts = bench.installation.json("rollout", "show", number)["counts"]
        return bool(counts == {"undone": len(FLEET)})

    with visitors(_sites(bench)) as counts:
        began = time.monotonic()
        bench.installation.ocim("rollout", "undo", number, "--yes")
        until(is_undone, "The upgrades are not undone.")
        seconds = time.monotonic() - began
    return seconds, total(counts)


def _sites(bench: Bench) -> list[partial[Visitor]]:
    return [partial(Visitor, bench.installation, domain) for domain in FLEET]


def _releases(bench: Bench) -> set[str]:
    """Return the releases that the instances serve."""
    releases = set()
    for domain in FLEET:
        with Visitor(bench.installation, domain) as visitor:
            releases.add(visitor.get("/heartbeat").json()["release"])
    return releases


def _row(title: str, seconds: float, counts: Counts) -> str:
    for failure in sorted({*counts.failures}):
        page.tell(f"{title}: {counts.failures.count(failure)} × {failure}")
    return (
        f"| {title} | {seconds:.0f} | {counts.answers.total():,} | {len(counts.failures)} |"
        f" {counts.gap:.1f} s |"
    )


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise SystemExit(otherwise)
