"""Holds: instances that a person keeps from mass upgrades, for ever or until a day is over."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def today(now: datetime, time_zone: str) -> date:
    """The day that it is at that place."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def hold_at(now: datetime, *, reason: str, until: date | None, time_zone: str) -> str:
    """Why it is held, and until the end of which day by its own clock; nothing where it is not."""
    if not reason or (until and until < today(now, time_zone)):
        return ""
    return f"{reason} (until {until})" if until else reason
