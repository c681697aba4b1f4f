from datetime import UTC, date, datetime

import pytest

from ocim.core.holds import hold_at

NOON = datetime(2026, 6, 12, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "reason, until, zone, said",
    [
        ("exams", None, "UTC", "exams"),
        ("exams", date(2026, 6, 12), "UTC", "exams (until 2026-06-12)"),
        ("exams", date(2026, 6, 11), "UTC", ""),
        ("exams", date(2026, 6, 12), "Pacific/Kiritimati", ""),  # there it is the 13th
        ("", date(2026, 6, 20), "UTC", ""),
    ],
)
def test_it_holds_to_the_end_of_the_day_by_its_own_clock(
    reason: str, until: date | None, zone: str, said: str
) -> None:
    assert hold_at(NOON, reason=reason, until=until, time_zone=zone) == said
