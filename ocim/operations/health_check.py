"""The health check: probes, repeated for a few seconds, and their evidence."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

from ocim.core import stopping
from ocim.core.errors import OcimError
from ocim.core.health import Probe, ProbeResult, verdict
from ocim.operations.context import Context


class Unhealthy(OcimError):
    """App server that does not answer as expected; `evidence` holds the answers."""

    def __init__(self, problem: str, evidence: list[dict[str, object]]) -> None:
        super().__init__(problem, remedy="Its log and its own pages say more; it is kept for that.")
        self.evidence = evidence


def wait_until_healthy(probes: Sequence[Probe], *, context: Context, patience: float = 0) -> None:
    """Wait until every probe gets the expected answer.

    Make as many attempts as the policy says, and more for `patience` seconds. Raise Unhealthy if
    none succeeds.
    """
    # At the first request for a name, the balancer may have no certificate for it yet.
    pause = 0.1
    deadline = context.now() + timedelta(seconds=patience)
    for attempt in count(1):
        results = [_asked(probe, context) for probe in probes]
        outcome = verdict(results)
        if outcome.healthy:
            return
        if attempt >= context.policy.gate_attempts and context.now() >= deadline:
            break
        context.pause(pause)
        pause = min(3 * pause, 1.0)
    raise Unhealthy("; ".join(outcome.reasons), [_evidence(result) for result in results])


def _asked(probe: Probe, context: Context) -> ProbeResult:
    stopping.check()
    return context.adapters.prober.get(probe)


def _evidence(result: ProbeResult) -> dict[str, object]:
    return {
        "probe": result.probe.name,
        "url": result.probe.url,
        "expected": result.probe.expect_status,
        "status": result.status,
        "error": result.error,
        "excerpt": result.excerpt,
        "seconds": result.seconds,
        "reasons": list(verdict([result]).reasons),
    }
