"""What every use case is given besides its own arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ocim.core import stopping
from ocim.core.policy import Policy
from ocim.ports import Adapters

OnStep = Callable[[str], None]
"""Told the name of each step as it begins."""


@dataclass(frozen=True, slots=True)
class Context:
    """The outside, the installation's choices, the clock, and who is at work."""

    adapters: Adapters
    policy: Policy
    now: Callable[[], datetime]
    worker: str
    """Unique among living processes; leases are held in its name."""
    pause: Callable[[float], None] = stopping.wait
    """Waits for so many seconds, where something outside is asked again."""
