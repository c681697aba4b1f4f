"""Holds: instances that a person keeps from rollouts, for some days or until further notice.

Days are those of the instance's own clock.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Hold:
    """Why, and from the beginning of which day to the end of which."""

    reason: str
    """Empty where there is none."""
    since: date | None
    until: date | None
    time_zone: str

    def coming_or_on(self, now: datetime) -> str:
        """The hold in words; nothing where there is none, or where it is over."""
        day = today(now, self.time_zone)
        if not self.reason or (self.until and self.until < day):
            return ""
        since = f"from {self.since}" if self.since and self.since > day else ""
        until = f"until {self.until}" if self.until else ""
        days = f"{since} {until}".strip()
        return f"{self.reason} ({days})" if days else self.reason

    def on(self, now: datetime) -> str:
        """The same, but nothing where it has not begun yet, either."""
        begun = not self.since or self.since <= today(now, self.time_zone)
        return self.coming_or_on(now) if begun else ""

    @property
    def ends_at(self) -> datetime | None:
        """When it is over by itself."""
        if not self.until:
            return None
        return datetime.combine(self.until + timedelta(days=1), time(), ZoneInfo(self.time_zone))


def today(now: datetime, time_zone: str) -> date:
    """The day that it is at that place."""
    return now.astimezone(ZoneInfo(time_zone)).date()
