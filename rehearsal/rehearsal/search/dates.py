"""Dates as Elasticsearch reads them: ISO 8601, milliseconds since 1970, and `now-7d`."""

import re
from datetime import UTC, datetime, timedelta

ISO = re.compile(
    r"\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2}([.,]\d{1,9})?)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?)?)?"
)
LOOK = re.compile(r"\d{4}-\d{2}-\d{2}(T.*)?")
RELATIVE = re.compile(r"now(?:(?P<sign>[+-])(?P<count>\d+)(?P<unit>[smhHdw]))?")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "H": "hours", "d": "days", "w": "weeks"}
MILLISECONDS = re.compile(r"-?\d{5,}")


def milliseconds(value: object) -> int:
    """Return milliseconds since 1970. Raise ValueError for a value that is no date."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    text = str(value)
    if MILLISECONDS.fullmatch(text):
        return int(text)
    if relative := RELATIVE.fullmatch(text):
        moment = datetime.now(UTC)
        if relative["count"]:
            step = timedelta(**{UNITS[relative["unit"]]: int(relative["count"])})
            moment = moment + step if relative["sign"] == "+" else moment - step
    elif ISO.fullmatch(text):
        moment = parsed(text)
    else:
        raise ValueError(text)
    return int(moment.timestamp() * 1000)


def duration(value: object) -> float:
    """Return the milliseconds of a length of time such as `30d`. Raise ValueError for others."""
    match = re.fullmatch(r"(\d+)(ms|[smhHdw])?", str(value))
    if not match:
        raise ValueError(value)
    if match[2] in {None, "ms"}:
        return float(match[1])
    return timedelta(**{UNITS[match[2]]: int(match[1])}) / timedelta(milliseconds=1)


def parsed(text: str) -> datetime:
    date, _, time = text.replace(",", ".").partition("T")
    date += "-01" * (2 - date.count("-"))
    if time:
        # Python takes six digits of a second; Elasticsearch keeps three of any number.
        time = re.sub(r"(\.\d{1,6})\d*", lambda found: found[1].ljust(7, "0"), time)
        if re.fullmatch(r"\d{2}(Z|[+-].*)?", time):
            time = f"{time[:2]}:00{time[2:]}"
    moment = datetime.fromisoformat(f"{date}T{time}" if time else date)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def looks_like_one(text: str) -> bool:
    """Return True if a text in a new field makes that field a date."""
    if not LOOK.fullmatch(text) or not ISO.fullmatch(text):
        return False
    try:
        parsed(text)
    except ValueError:
        return False
    return True
