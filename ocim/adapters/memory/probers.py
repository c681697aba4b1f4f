"""A prober in memory."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from ocim.core.health import Probe, ProbeResult


@dataclass(frozen=True, slots=True)
class Reply:
    """A service's reply to a probe; without `status` there is none, because of `error`."""

    status: int | None = 200
    text: str = ""
    error: str = ""
    content_type: str = "text/html"
    timed_out: bool = False


def as_expected(probe: Probe) -> Reply:
    """Return the reply of a healthy service."""
    text = probe.expect_text
    if probe.expect_fields or probe.expect_statuses:
        parts = {"sql": {"status": True}} if probe.expect_statuses else {}
        text = json.dumps({**parts, **probe.expect_fields, "text": text})
    return Reply(probe.expect_status, text, content_type=probe.expect_type or "text/html")


class MemoryProber:
    """A prober that gets its replies from `reply`, and keeps the probes in `asked`."""

    def __init__(self, reply: Callable[[Probe], Reply] = as_expected) -> None:
        self.reply = reply
        self.asked: list[Probe] = []

    def get(self, probe: Probe) -> ProbeResult:
        """Return the result of the reply; a body beyond the probe's limit is cut off."""
        self.asked.append(probe)
        reply = self.reply(probe)
        body, error = reply.text, reply.error
        if len(body.encode()) > probe.longest:
            body = body.encode()[: probe.longest].decode(errors="replace")
            error = f"its body is longer than {probe.longest:,} bytes"
        return ProbeResult(
            probe, reply.status, error, body, reply.content_type, timed_out=reply.timed_out
        )
