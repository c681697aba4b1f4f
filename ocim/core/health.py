"""What probes found → whether it may serve."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ocim.core.spec import Probe, ProbeResult

SHOWN = 200
"""Characters of an answer's first line that a reason quotes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` has a line for each thing that a probe found wrong; none: healthy."""

    reasons: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """Whether every probe found what it expects."""
        return not self.reasons


def verdict(results: Sequence[ProbeResult]) -> Verdict:
    """Judge probe results, all of them: an operator wants to see every failure at once."""
    return Verdict(tuple(reason for result in results for reason in _reasons(result)))


def _reasons(result: ProbeResult) -> Iterator[str]:
    probe = result.probe
    if result.status is None:
        yield f"{probe.name}: no answer from {probe.url}: {result.error}"
        return
    answered = f"{probe.name}: {probe.url} answered"
    if result.status != probe.expect_status:
        yield f"{answered} {result.status}, not {probe.expect_status}{_quoted(result)}"
        return
    if result.error:
        yield f"{answered} {result.status}, but {result.error}"
    media_type = result.content_type.partition(";")[0].strip().lower()
    if probe.expect_type and media_type != probe.expect_type:
        yield f"{answered} with {media_type or 'no content type'}, not {probe.expect_type}"
    if probe.expect_text not in result.body:
        yield f"{answered} without {probe.expect_text!r}"
    if (probe.expect_fields or probe.expect_statuses) and not result.error:
        yield from (f"{answered} {fault}" for fault in _faults(result.body, probe))


def _faults(body: str, probe: Probe) -> Iterator[str]:
    """Compare a body with what the probe expects of its JSON."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        yield f"no JSON object{_first_line(body)}"
        return
    for name, value in probe.expect_fields.items():
        if found.get(name) != value:
            yield f"{name}: {json.dumps(found.get(name))[:SHOWN]}, not {json.dumps(value)}"
    if probe.expect_statuses:
        statuses = dict(_statuses(found))
        if not statuses:
            yield f"no status of any of its parts{_first_line(body)}"
        for part, is_well in statuses.items():
            if not is_well:
                yield f"{part}: {json.dumps(found[part])[:SHOWN]}"


def _statuses(found: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    """Yield the parts that say how they are: `{"sql": {"status": true}}`, or `{"SQL": true}`."""
    for part, said in found.items():
        status = said.get("status") if isinstance(said, Mapping) else said
        if isinstance(status, bool):
            yield part, status


def _quoted(result: ProbeResult) -> str:
    return _first_line(result.body) if result.body.strip() else ""


def _first_line(body: str) -> str:
    return f": {body.strip().partition(chr(10))[0][:SHOWN]}"
