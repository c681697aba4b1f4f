"""What operations ask to be done next, by whoever owns a queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class WorkOn:
    """Work off the jobs that wait on an instance; `at` is None for now."""

    instance_id: int
    queue: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SyncBalancer:
    """Bring the balancer to what the database says."""

    balancer_id: int


@dataclass(frozen=True, slots=True)
class DriveRollout:
    """Look at a rollout and start what may be started; `at` is None for now."""

    rollout_id: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SendNotices:
    """Tell people of something that happened; `at` is None for now."""

    event_id: int
    at: datetime | None = None
    of: Literal["rollout", "appserver"] = "rollout"


Action = WorkOn | SyncBalancer | DriveRollout | SendNotices
