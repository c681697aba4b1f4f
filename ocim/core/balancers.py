"""Access of managers to a balancer."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Access:
    """The way from a manager to its balancer."""

    address: str
    """URL of a balancer on another machine, or the directory of one on this machine."""
    expiries: tuple[tuple[str, datetime], ...] = ()
    """Certificates on the way, each with the time at which it expires."""
    admits_strangers: bool = False
    """True if the balancer answers clients that show no certificate."""
