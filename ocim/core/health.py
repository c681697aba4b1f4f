"""What probes found → whether it may serve."""

from collections.abc import Sequence
from dataclasses import dataclass

from ocim.core.spec import ProbeResult


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` has one line per probe that did not find what it expects; none: healthy."""

    reasons: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether every probe found what it expects."""
        return not self.reasons


def verdict(results: Sequence[ProbeResult]) -> Verdict:
    """Judge probe results, all of them: an operator wants to see every failure at once."""
    return Verdict(tuple(reason for result in results if (reason := _reason(result))))


def _reason(result: ProbeResult) -> str:
    probe = result.probe
    if result.status is None:
        return f"{probe.name}: no answer from {probe.url}: {result.error}"
    if result.status != probe.expect_status:
        first_line = result.excerpt.strip().split("\n", 1)[0][:200]
        said = f": {first_line}" if first_line else ""
        return (
            f"{probe.name}: {probe.url} answered {result.status}, not {probe.expect_status}{said}"
        )
    if probe.expect_text not in result.excerpt:
        return f"{probe.name}: {probe.url} answered without {probe.expect_text!r}"
    return ""
