"""The context of every use case: adapters, policy, clock and the process's name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ocim.core import stopping
from ocim.core.policy import Policy
from ocim.ports.adapters import Adapters

OnStep = Callable[[str], None]
"""Function that is called with the name of each step as it begins."""


@dataclass(frozen=True, slots=True)
class Context:
    """Adapters, policy, clock and name of a process."""

    adapters: Adapters
    policy: Policy
    now: Callable[[], datetime]
    worker: str
    """Name of the process, unique among those alive; leases are held in its name."""
    machine: str = ""
    """Name of this machine, unique among those that share the database."""
    pause: Callable[[float], None] = stopping.wait
    """Function that waits this many seconds, before an external system is asked again."""
