"""The port of health checks over HTTP."""

from typing import Protocol

from ocim.core.health import Probe, ProbeResult


class Prober(Protocol):
    """A check of whether services answer; every fault is reported in the result."""

    def get(self, probe: Probe) -> ProbeResult:
        """Make the request and return the answer, within the probe's time limit for all of it.

        Redirects are not followed, and compressed bodies stay as they are.
        """
