"""From `spawn` to *active* in all ways that there are, side by side: for benchmarks.spawn."""

import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ocim.core.spec import Transport
from tests.acceptance import installation as acceptance
from tests.acceptance.installation import Installation, installed
from tests.nspawn_hosts import BASES, why_not

PROVIDERS = ("local", "nspawn")
PATIENCE = 1800.0


@dataclass(frozen=True)
class Way:
    """How an app server is made."""

    from_image: bool
    transport: Transport

    def __str__(self) -> str:
        return f"{'from an image' if self.from_image else 'as a whole'}, {self.transport}"


BASELINE = Way(False, Transport.PIPELINING)
WAYS = [Way(from_image, transport) for from_image in (False, True) for transport in Transport]

Seconds = Mapping[Way, float]
Spawn = Callable[[Installation, str], float]


class OneTransport(Installation):
    """Builds images when it is told to only."""

    def __init__(self, directory: Path, transport: Transport) -> None:
        super().__init__(directory)
        self.environment |= {"OCIM_TRANSPORT": transport.value, "OCIM_BUILD_IMAGES": "false"}
        (self.var / "nspawn").mkdir(mode=0o700, parents=True)
        (self.var / "nspawn/bases").symlink_to(BASES)


def table(directory: Path, spawn: Spawn, settings: Mapping[str, str], runs: int) -> str:
    """Medians by provider and way, and how many times faster than the baseline that is."""
    acceptance.PATIENCE = PATIENCE
    found = {
        provider: seconds(directory / provider, spawn, {**settings, "provider": provider}, runs)
        for provider in PROVIDERS
        if provider != "nspawn" or not why_not()
    }
    rows = [
        "| " + " | ".join(["", *(f"{provider}, s | times faster" for provider in found)]) + " |",
        "|---" * (1 + 2 * len(found)) + "|",
        *(
            "| " + " | ".join([str(way), *(_cells(way, found[p]) for p in found)]) + " |"
            for way in WAYS
        ),
    ]
    return "\n".join(rows)


def seconds(directory: Path, spawn: Spawn, settings: Mapping[str, str], runs: int) -> Seconds:
    """Medians of one provider. The ways take turns, so that each has its share of what disturbs."""
    taken: dict[Way, list[float]] = {way: [] for way in WAYS}
    with ExitStack() as stack:
        running = {}
        for transport in Transport:
            kind = partial(OneTransport, transport=transport)
            running[transport] = stack.enter_context(installed(directory / transport, kind))
        for one in running.values():  # what is fetched once and kept
            _once(one, spawn, settings, "first.localhost", from_image=True)
        for number in range(runs):
            for way in WAYS:
                name = f"{'image' if way.from_image else 'whole'}{number}.localhost"
                one = running[way.transport]
                taken[way].append(_once(one, spawn, settings, name, from_image=way.from_image))
    return {way: statistics.median(of_way) for way, of_way in taken.items()}


def _once(
    one: Installation, spawn: Spawn, settings: Mapping[str, str], name: str, *, from_image: bool
) -> float:
    domain = one.instance(name, **settings)
    if from_image:
        one.ocim("image", "build", domain)
    took = spawn(one, domain)
    one.ocim("instance", "archive", domain, "--yes")
    one.ocim("image", "prune", "--keep", "0")
    return took


def _cells(way: Way, found: Seconds) -> str:
    faster = "baseline" if way == BASELINE else f"{found[BASELINE] / found[way]:.1f}"
    return f"{found[way]:.1f} | {faster}"
