from datetime import UTC, date, datetime

import pytest

from ocim.core.holds import Hold

NOON = datetime(2026, 6, 12, 12, tzinfo=UTC)


def day(number: int) -> date:
    return date(2026, 6, number)


@pytest.mark.parametrize(
    "reason, since, until, zone, said",
    [
        ("exams", None, None, "UTC", "exams"),
        ("exams", None, day(12), "UTC", "exams (until 2026-06-12)"),
        ("exams", None, day(11), "UTC", ""),
        ("exams", None, day(12), "Pacific/Kiritimati", ""),  # there it is the 13th
        ("exams", day(12), None, "UTC", "exams"),
        ("exams", day(13), None, "Pacific/Kiritimati", "exams"),
        ("exams", day(13), day(14), "UTC", ""),
        ("", None, day(20), "UTC", ""),
    ],
)
def test_it_holds_by_the_days_of_its_own_clock(
    reason: str, since: date | None, until: date | None, zone: str, said: str
) -> None:
    assert Hold(reason, since, until, zone).on(NOON) == said


def test_one_that_is_to_come_is_told() -> None:
    hold = Hold("exams", day(13), day(14), "UTC")
    assert hold.coming_or_on(NOON) == "exams (from 2026-06-13 until 2026-06-14)"


def test_it_ends_with_its_last_day() -> None:
    assert Hold("exams", None, day(12), "Europe/Berlin").ends_at == datetime(
        2026, 6, 12, 22, tzinfo=UTC
    )
    assert Hold("exams", None, None, "UTC").ends_at is None
