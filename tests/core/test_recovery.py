from datetime import UTC, datetime, timedelta

import pytest

from ocim.core.health import Probe, ProbeResult
from ocim.core.recovery import Condition, condition, has_enough, needs_restart, next_restart

PROBE = Probe("lms", "http://a.test/heartbeat", expect_text="sql")
WELL = ProbeResult(PROBE, 200, body="sql")
REFUSED = ProbeResult(PROBE, error="connection refused")
LATE = ProbeResult(PROBE, error="timed out after 5 s", timed_out=True)
GARBAGE = ProbeResult(PROBE, 200, body="<html>")
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def minutes(*numbers: float) -> list[datetime]:
    return [NOW + timedelta(minutes=number) for number in numbers]


@pytest.mark.parametrize(
    "results, host_is_up, expected",
    [
        ([WELL, WELL], True, Condition.WELL),
        ([WELL, REFUSED], True, Condition.DEAD),
        ([LATE], True, Condition.SILENT),
        ([LATE], False, Condition.DEAD),
        ([WELL, GARBAGE], True, Condition.SILENT),
        ([ProbeResult(PROBE, 502)], True, Condition.DEAD),
        ([ProbeResult(PROBE, 504)], True, Condition.SILENT),
        ([ProbeResult(PROBE, 503)], True, Condition.UNWELL),
        ([ProbeResult(PROBE, 500), LATE], True, Condition.SILENT),
        ([ProbeResult(PROBE, 500), LATE, REFUSED], True, Condition.DEAD),
    ],
)
def test_the_worst_answer_decides(
    results: list[ProbeResult], host_is_up: bool, expected: Condition
) -> None:
    assert condition(results, host_is_up=host_is_up) is expected


@pytest.mark.parametrize(
    "observed, lasts, expected",
    [
        (Condition.DEAD, 0, True),
        (Condition.SILENT, 1, False),
        (Condition.SILENT, 2, True),
        (Condition.UNWELL, 600, False),
    ],
)
def test_what_is_slow_has_time_to_come_to_itself(
    observed: Condition, lasts: int, expected: bool
) -> None:
    assert needs_restart(observed, NOW - timedelta(minutes=lasts), NOW) is expected


@pytest.mark.parametrize(
    "before, now, expected",
    [
        ([], 0, 0),
        ([0], 2, 5),
        ([0, 5], 6, 20),
        ([0, 5, 20], 21, 60),
        ([0, 5, 20], 60, 35),
        ([-61], 0, 0),
    ],
)
def test_pauses_grow_up_to_a_number_of_restarts_an_hour(
    before: list[float], now: float, expected: float
) -> None:
    [at, due] = minutes(now, expected)
    assert next_restart(minutes(*before), at) == due


def test_it_was_restarted_enough_when_an_hour_allows_no_more() -> None:
    assert not has_enough(minutes(0, 5), NOW)
    assert has_enough(minutes(0, 5, 20), NOW)
    assert not has_enough(minutes(-60, 5, 20), NOW)
