"""What probes found → whether it may serve."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Probe:
    """One HTTP GET that says whether something works, and what a right answer to it is."""

    name: str
    url: str
    connect_to: str = ""
    """`address:port` to connect to instead of what the URL's host resolves to."""
    expect_status: int = 200
    expect_type: str = ""
    """Media type of the answer, as `application/json`; empty: any will do."""
    expect_text: str = ""
    """Must occur in the body; empty: any body will do."""
    expect_fields: Mapping[str, object] = field(default_factory=dict)
    """Members of the JSON object that the body must be, and their values."""
    expect_statuses: bool = False
    """The body must be a JSON object that calls one part of the service well, and none unwell."""
    longest: int = 64 * 1024
    """Bytes that the body may have; no more are read."""
    timeout: float = 10.0
    """Seconds for all of it: connecting, TLS, headers and body."""


EXCERPT = 2000
"""Characters of a body that are kept as evidence."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What came back. `status` is None where there was no answer; `error` then says why.

    With a status, `error` says why the body could not be read as it was meant.
    """

    probe: Probe
    status: int | None = None
    error: str = ""
    body: str = ""
    """At most as many bytes as the probe allows."""
    content_type: str = ""
    timed_out: bool = False
    """There is no answer because the time was over; who refuses or hangs up did not time out."""
    seconds: float = 0.0

    @property
    def excerpt(self) -> str:
        """The beginning of the body."""
        return self.body[:EXCERPT]


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
