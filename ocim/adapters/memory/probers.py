"""A prober that goes nowhere."""

from collections.abc import Callable
from dataclasses import dataclass

from ocim.core.spec import Probe, ProbeResult


@dataclass(frozen=True, slots=True)
class Reply:
    """What a probe is to find; `status` None: no answer, because of `error`."""

    status: int | None = 200
    text: str = ""
    error: str = ""


def as_expected(probe: Probe) -> Reply:
    """The reply of something healthy."""
    return Reply(status=probe.expect_status, text=probe.expect_text)


class MemoryProber:
    """Gives every probe the reply that `reply` returns for it, and keeps what was `asked`."""

    def __init__(self, reply: Callable[[Probe], Reply] = as_expected) -> None:
        self.reply = reply
        self.asked: list[Probe] = []

    def get(self, probe: Probe) -> ProbeResult:
        """Ask `reply`."""
        self.asked.append(probe)
        reply = self.reply(probe)
        return ProbeResult(probe, reply.status, reply.error, reply.text[:2000])
