"""Times of the day in which an instance may be upgraded."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ocim.core.errors import ValidationError

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of every day in a time zone; they pass midnight if `closes` is before `opens`."""

    opens: time
    closes: time

    @classmethod
    def of(cls, text: str) -> "Window":
        """Read `22:00-05:00`. Raise ValidationError for anything else."""
        match = _FORM.fullmatch(text.strip())
        if not match or match.group(1, 2) == match.group(3, 4):
            raise ValidationError(
                [f"{text!r} is not a window."],
                remedy="Write it as 22:00-05:00; it holds in each instance's time zone.",
            )
        hour, minute, to_hour, to_minute = map(int, match.groups())
        return cls(opens=time(hour, minute), closes=time(to_hour, to_minute))

    def next_opening(self, now: datetime, time_zone: str) -> datetime:
        """Return `now` if the window is open in that time zone, else its next opening."""
        zone = ZoneInfo(time_zone)
        here = now.astimezone(zone)
        for day in (-1, 0, 1, 2):
            date = here.date() + timedelta(days=day)
            opens = datetime.combine(date, self.opens, zone).astimezone(UTC)
            over = self.closes <= self.opens
            closing = datetime.combine(date + timedelta(days=over), self.closes, zone)
            # Where the clock is put forward over its beginning it may close before it opens.
            if max(now, opens) < closing.astimezone(UTC):
                return max(now, opens)
        raise AssertionError("at most one of four days has no opening")

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"
