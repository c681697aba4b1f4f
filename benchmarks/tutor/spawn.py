"""The seconds from `spawn` to *active*, beside those of `tutor local launch`."""

from collections.abc import Mapping, Sequence

from benchmarks import page
from benchmarks.spawn import phases
from benchmarks.spawn.phases import Durations
from benchmarks.tutor.bench import Bench
from benchmarks.tutor.launched import launched, until_healthy

TAG = "verawood"
SETS: Mapping[str, Sequence[str]] = {
    "LMS and studio": (),
    "with Tutor's default plugins, mfe and indigo": ("mfe", "indigo"),
}
NAMES = {
    phases.ANSIBLE: "Tutor: settings, tasks, containers",
    phases.PHASES["Asking "]: "checking the configuration",
    "total": "Ocim, from `spawn` to *active*",
}
"""Names of phases that are others than with Ansible."""
LAUNCH, HEALTHY = "`tutor local launch`", "until it is healthy"


def tables(bench: Bench, runs: int) -> str:
    """Return a table of medians for each set of plugins; both ways take turns."""
    return "\n\n".join(_table(bench, title, SETS[title], runs) for title in SETS)


def _table(bench: Bench, title: str, plugins: Sequence[str], runs: int) -> str:
    spawns: list[Durations] = []
    launches: list[Durations] = []
    for number in range(runs + 1):
        domain = bench.create(f"new{len(plugins)}{number}.example.com", TAG, plugins=plugins)
        spawns.append(phases.spawn(bench.installation, domain))
        bench.installation.ocim("instance", "archive", domain, "--yes")
        with launched(bench, 10 * len(plugins) + number, plugins) as site:
            page.tell("launching a site by Tutor alone")
            launches.append({LAUNCH: site.launch(TAG), HEALTHY: until_healthy(site)})
            page.tell(f"launched after {launches[-1]}")
    ocim = phases.medians(spawns[1:])  # the first fetches what is kept later
    tutor = phases.medians(launches[1:])
    baseline = tutor[LAUNCH]
    rows = [
        f"| {title} | s | times `tutor local launch` |",
        "|---|---|---|",
        *(
            f"| {name} | {seconds:.1f} | {seconds / baseline:.2f} |"
            for name, seconds in tutor.items()
        ),
        *(
            f"| {phases.shown(NAMES.get(name, name))} | {seconds:.1f} | {seconds / baseline:.2f} |"
            for name, seconds in ocim.items()
        ),
    ]
    runs_of = _seconds(spawns[1:], "total"), _seconds(launches[1:], LAUNCH)
    rows.append("\nTotals of Ocim's runs: {}; of Tutor's: {}.".format(*runs_of))
    return "\n".join(rows)


def _seconds(runs: Sequence[Durations], name: str) -> str:
    return ", ".join(f"{run[name]:.1f}" for run in runs)
