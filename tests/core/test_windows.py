from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocim.core.errors import ValidationError
from ocim.core.windows import Window

NIGHT = Window.of("22:00-05:00")
MORNING = Window.of("09:00-11:30")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "window, zone, now, opens",
    [
        (MORNING, "UTC", "05-04T08:59", "05-04T09:00"),
        (MORNING, "UTC", "05-04T09:00", "05-04T09:00"),
        (MORNING, "UTC", "05-04T11:29", "05-04T11:29"),
        (MORNING, "UTC", "05-04T11:30", "05-05T09:00"),
        (NIGHT, "UTC", "05-04T21:00", "05-04T22:00"),
        (NIGHT, "UTC", "05-04T23:00", "05-04T23:00"),
        (NIGHT, "UTC", "05-04T04:59", "05-04T04:59"),
        (NIGHT, "UTC", "05-04T05:00", "05-04T22:00"),
        (NIGHT, "Europe/Berlin", "05-04T20:00", "05-04T20:00"),
        (NIGHT, "Asia/Tokyo", "05-04T12:59", "05-04T13:00"),
        (NIGHT, "America/Los_Angeles", "05-04T12:00", "05-05T05:00"),
        # The clock is put forward on 29 March, and back on 25 October, at 01:00 UTC.
        (NIGHT, "Europe/Berlin", "03-29T02:59", "03-29T02:59"),
        (NIGHT, "Europe/Berlin", "03-29T03:00", "03-29T20:00"),
        (NIGHT, "Europe/Berlin", "10-25T03:59", "10-25T03:59"),
        (NIGHT, "Europe/Berlin", "10-25T04:00", "10-25T21:00"),
        # 02:30 does not come that night: it is open neither before nor after.
        (Window.of("02:30-03:00"), "Europe/Berlin", "03-29T00:00", "03-30T00:30"),
    ],
)
def test_the_next_opening(window: Window, zone: str, now: str, opens: str) -> None:
    assert window.next_opening(at(now), zone) == at(opens)


@pytest.mark.parametrize("text", ["", "22:00", "22-05", "24:00-05:00", "22:00-22:00", "1:00-2:00"])
def test_anything_else_is_no_window(text: str) -> None:
    with pytest.raises(ValidationError, match="22:00-05:00"):
        Window.of(text)


def test_it_prints_as_it_was_written() -> None:
    assert str(NIGHT) == "22:00-05:00"


CLOCK = st.times().map(lambda time: time.replace(second=0, microsecond=0))


@given(
    st.builds(Window, CLOCK, CLOCK).filter(lambda one: one.opens != one.closes),
    st.integers(0, 364 * 24 * 60).map(lambda minutes: at("01-01") + timedelta(minutes=minutes)),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_it_is_open_when_it_opens_and_that_is_within_two_days(
    window: Window, now: datetime, zone: str
) -> None:
    opening = window.next_opening(now, zone)
    assert now <= opening <= now + timedelta(hours=49)
    assert window.next_opening(opening, zone) == opening
