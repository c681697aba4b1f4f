"""Actions: what operations want done next. `ocim.tasks` turns them into messages of a queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class WorkOn:
    """Run the pending jobs under a lease. `at` None: now."""

    lease_id: int
    queue: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SyncBalancer:
    """Make the balancer's routing what the database says."""

    balancer_id: int


@dataclass(frozen=True, slots=True)
class DriveRollout:
    """Look at a rollout, and start what may start. `at` None: now."""

    rollout_id: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SendNotices:
    """Send people notices of an event. `at` None: now."""

    event_id: int
    at: datetime | None = None
    of: Literal["rollout", "appserver"] = "rollout"


@dataclass(frozen=True, slots=True)
class MailPasswordLink:
    """Send a link to set a password to the accounts with this mail address, if there are any."""

    address: str


Action = MailPasswordLink | WorkOn | SyncBalancer | DriveRollout | SendNotices
