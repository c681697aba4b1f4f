"""Holds, which keep an instance from rollouts for some days or until further notice.

Days are those of the instance's time zone.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Hold:
    """A reason, and the days for which it holds, first and last included."""

    reason: str
    """The reason. Empty: there is no hold."""
    since: date | None
    until: date | None
    time_zone: str

    def coming_or_on(self, now: datetime) -> str:
        """Return the reason with its days. Empty if there is no hold, or it is over."""
        day = today(now, self.time_zone)
        if not self.reason or (self.until and self.until < day):
            return ""
        since = f"from {self.since}" if self.since and self.since > day else ""
        until = f"until {self.until}" if self.until else ""
        days = f"{since} {until}".strip()
        return f"{self.reason} ({days})" if days else self.reason

    def on(self, now: datetime) -> str:
        """Return the reason with its days. Empty unless the hold is in force now."""
        has_begun = not self.since or self.since <= today(now, self.time_zone)
        return self.coming_or_on(now) if has_begun else ""

    @property
    def ends_at(self) -> datetime | None:
        """Time at which the hold ends by itself. None: never."""
        if not self.until:
            return None
        return datetime.combine(self.until + timedelta(days=1), time(), ZoneInfo(self.time_zone))


def today(now: datetime, time_zone: str) -> date:
    """Return the day that it is in a time zone."""
    return now.astimezone(ZoneInfo(time_zone)).date()
