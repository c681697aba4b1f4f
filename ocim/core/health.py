"""Health probes, their results, and the verdict: healthy, or the reasons why not."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ocim.core.texts import shortened


@dataclass(frozen=True, slots=True)
class Probe:
    """HTTP GET request that tests whether a service works, and the response that it expects."""

    name: str
    url: str
    connect_to: str = ""
    """`address:port` to connect to, instead of the address that the URL's host resolves to."""
    expect_status: int = 200
    """HTTP status of a healthy response."""
    expect_type: str = ""
    """Media type of a healthy response, such as `application/json`; empty: any."""
    expect_text: str = ""
    """Text that the body must contain; empty: any body."""
    expect_fields: Mapping[str, object] = field(default_factory=dict)
    """Members, with their values, of the JSON object that the body must be; empty: any body."""
    expect_statuses: bool = False
    """True if the body must be a JSON object with the statuses of parts, all of them good."""
    longest: int = 64 * 1024
    """Maximum size of the body in bytes; no more are read."""
    timeout: float = 10.0
    """Seconds for the whole request: connecting, TLS, headers and body."""


EXCERPT = 2000
"""Maximum length of the part of a body that is stored as evidence, in characters."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Response to a probe; `status` is None if there was none, and `error` says why.

    If there is a status, `error` says why the body could not be read.
    """

    probe: Probe
    status: int | None = None
    error: str = ""
    body: str = ""
    """Body of the response, with at most as many bytes as the probe allows."""
    content_type: str = ""
    timed_out: bool = False
    """True if no response came in time; False if the connection was refused or closed."""
    seconds: float = 0.0

    @property
    def excerpt(self) -> str:
        """The beginning of the body."""
        return self.body[:EXCERPT]


SHOWN = 200
"""Maximum length of a quotation from a body in a reason, in characters."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Judgement on probe results: a line in `reasons` for each fault; no reasons: healthy."""

    reasons: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        """True if every probe got the response that it expects."""
        return not self.reasons


def verdict(results: Sequence[ProbeResult]) -> Verdict:
    """Judge all probe results, not just the first bad one, so that operators see every fault."""
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
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        yield f"no JSON object{_first_line(body)}"
        return
    for name, value in probe.expect_fields.items():
        if answer.get(name) != value:
            yield f"{name}: {_shown(answer.get(name))}, not {json.dumps(value)}"
    if probe.expect_statuses:
        statuses = dict(_statuses(answer))
        if not statuses:
            yield f"no status of any of its parts{_first_line(body)}"
        for part, is_well in statuses.items():
            if not is_well:
                yield f"{part}: {_shown(answer[part])}"


def _statuses(answer: Mapping[str, object]) -> Iterator[tuple[str, bool]]:
    """Yield the parts that report a status: `{"sql": {"status": true}}`, or `{"SQL": true}`."""
    for part, report in answer.items():
        status = report.get("status") if isinstance(report, Mapping) else report
        if isinstance(status, bool):
            yield part, status


def _quoted(result: ProbeResult) -> str:
    return _first_line(result.body) if result.body.strip() else ""


def _first_line(body: str) -> str:
    return f": {shortened(body.strip().partition(chr(10))[0], SHOWN)}"


def _shown(value: object) -> str:
    return shortened(json.dumps(value), SHOWN)
