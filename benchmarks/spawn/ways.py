"""The time from `spawn` to *active* in all possible ways, side by side."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.spawn import phases, services
from ocim.core.provisioning import Transport
from tests.acceptance import installation as acceptance
from tests.acceptance.installation import Installation, installed
from tests.nspawn_hosts import BASES, nspawn_hosts, why_not

PATIENCE = 3600.0


@dataclass(frozen=True)
class Way:
    """A way to make an app server."""

    from_image: bool
    transport: Transport = Transport.PIPELINING


BASELINE = Way(False)
TRANSPORTS = {
    "local": [Transport.PIPELINING],  # nothing is transported to where the manager is
    "nspawn": list(Transport),
}
"""Transports to measure, by provider."""

Seconds = dict[Way, dict[str, float]]
"""Seconds by way, and by the instance's services."""


class Measured(Installation):
    """An installation that builds images only on request."""

    def __init__(self, directory: Path, network: str) -> None:
        super().__init__(directory)
        self.environment |= {"OCIM_BUILD_IMAGES": "false", "OCIM_NSPAWN_NETWORK": network}

    def use(self, transport: Transport) -> None:
        """Use that transport, restarting the installation if it changes."""
        if self.environment.get("OCIM_TRANSPORT") != transport.value:
            self.stop()
            self.environment["OCIM_TRANSPORT"] = transport.value
            self.start()


def table(provider: str, directory: Path, runs: int) -> str:
    """Return a table of medians by way, and how many times faster than the baseline they are."""
    if provider == "nspawn" and (reason := why_not()):
        raise SystemExit(f"Cannot measure provider nspawn: {reason}.")
    acceptance.PATIENCE = PATIENCE
    medians = seconds(directory, provider, runs)
    columns = " | ".join(f"{title}, s | times faster" for title in services.SETS)
    rows = [
        f"| `{provider}`: spawn to *active* | {columns} |",
        "|---" * (1 + 2 * len(services.SETS)) + "|",
    ]
    for way, by_title in medians.items():
        name = "from an image" if way.from_image else "as a whole"
        if provider != "local":
            name += f", {way.transport}"
        cells = [
            f"{duration:.1f} | "
            + ("baseline" if way == BASELINE else f"{medians[BASELINE][title] / duration:.1f}")
            for title, duration in by_title.items()
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def seconds(directory: Path, provider: str, runs: int) -> Seconds:
    """Return the medians of one provider.

    The ways take turns, so that disturbances affect all alike.
    """
    ways = [
        Way(from_image, transport)
        for from_image in (False, True)
        for transport in TRANSPORTS[provider]
    ]
    taken: dict[tuple[Way, str], list[float]] = {}
    with measured(directory) as installation:
        services.make_search_server(installation, provider)
        once(installation, provider, Way(True), "all services")  # fetches what is kept later
        for _ in range(runs):
            installation.ocim("image", "prune", "--keep", "0")
            for way in ways:
                installation.use(way.transport)
                for title in services.SETS:
                    duration = once(installation, provider, way, title)
                    taken.setdefault((way, title), []).append(duration)
    return {
        way: {title: statistics.median(taken[way, title]) for title in services.SETS}
        for way in ways
    }


@contextmanager
def measured(directory: Path) -> Iterator[Measured]:
    """Yield an installation that uses the tests' base of containers, and a network of its own."""
    state = directory / "var/nspawn"
    for private in (state.parent, state):
        private.mkdir(mode=0o700)
    (state / "bases").symlink_to(BASES)
    with nspawn_hosts(state) as provider:
        kind = partial(Measured, network=str(provider.bridge.network))
        with installed(directory, kind) as installation:
            assert isinstance(installation, Measured)
            yield installation


def once(installation: Installation, provider: str, way: Way, title: str) -> float:
    """Measure one spawn of a new instance, which is archived afterwards; its image stays."""
    number = len(installation.json("instance", "list", "--archived"))
    domain = installation.instance(
        f"campus{number}.localhost", provider=provider, **services.SETS[title]
    )
    if way.from_image:
        phases.build_image(installation, domain)
    duration = phases.spawn(installation, domain)["total"]
    installation.ocim("instance", "archive", domain, "--yes")
    return duration
