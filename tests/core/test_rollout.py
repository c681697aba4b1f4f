from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocim.core.rollout import (
    LONGEST_PAUSE,
    Decision,
    Record,
    Rules,
    Upgrade,
    decide,
    pause_before_attempt,
)
from ocim.core.states import RolloutState, UpgradeState
from ocim.core.windows import Window
from tests.core.rollout_model import Model

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
STATES = {
    "p": UpgradeState.PENDING,
    "r": UpgradeState.RUNNING,
    "s": UpgradeState.SUCCEEDED,
    "f": UpgradeState.FAILED,
    "c": UpgradeState.CANCELLED,
}


def record(states: str, state: RolloutState = RolloutState.RUNNING, **rules: Any) -> Record:
    """Return a record: a letter is an upgrade, and after a bar comes the next wave."""
    upgrades = [
        Upgrade(
            id=10 * wave + position,
            state=STATES[letter],
            wave=wave,
            started_at=None if letter in "pc" else NOW,
            cause=f"cause {wave}-{position}" if letter == "f" else "",
        )
        for wave, letters in enumerate(states.split("|"))
        for position, letter in enumerate(letters)
    ]
    return Record(state, Rules(**rules), upgrades)


@pytest.mark.parametrize(
    "states, rules, started",
    [
        ("ppp", {}, (0, 1)),
        ("rpp", {}, (1,)),
        ("rrp", {}, ()),
        ("rrrp", {"batch_size": 2}, ()),  # a batch that was made smaller
        ("srfp", {}, (3,)),
        ("pp|pp", {"batch_size": 4}, (0, 1)),
        ("sr|pp", {"batch_size": 4}, ()),
        ("ss|pp", {"batch_size": 4}, (10, 11)),
        ("sp|rs", {"batch_size": 1}, ()),  # one of the first wave is tried again
        ("fpp", {"max_failures": 1}, (1, 2)),
        ("ffffp", {"max_same_cause": None}, (4,)),
    ],
)
def test_free_slots_are_filled_in_order(
    states: str, rules: dict[str, Any], started: tuple[int, ...]
) -> None:
    assert decide(record(states, **rules), NOW) == Decision(start=started)


@pytest.mark.parametrize("states", ["", "s", "sfc", "ff"])
@pytest.mark.parametrize("state", [RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.ABORTED])
def test_it_ends_when_nothing_is_left(states: str, state: RolloutState) -> None:
    assert decide(record(states, state), NOW) == Decision(end=True)


@pytest.mark.parametrize(
    "states, state",
    [
        ("rs", RolloutState.RUNNING),
        ("rc", RolloutState.ABORTED),
        ("rr", RolloutState.PAUSED),
        ("pp", RolloutState.PAUSED),
    ],
)
def test_it_waits(states: str, state: RolloutState) -> None:
    assert decide(record(states, state), NOW) == Decision()


@pytest.mark.parametrize(
    "states, rules, reason",
    [
        ("ffp", {"max_failures": 1}, "2 instances failed; --max-failures allows 1."),
        ("fp", {"max_failures": 0}, "1 instance failed; --max-failures allows 0."),
        ("fs|p", {}, "In the earlier waves, 1 of 2 instances failed."),
        ("ss|p", {"approve_waves": True}, "Wave 2 waits for approval."),
    ],
)
def test_it_stops(states: str, rules: dict[str, Any], reason: str) -> None:
    assert decide(record(states, **rules), NOW) == Decision(pause=reason)


def with_failures(states: str, **fields: Any) -> Record:
    made = record(states)
    return replace(
        made,
        upgrades=[
            replace(upgrade, **fields) if upgrade.state == UpgradeState.FAILED else upgrade
            for upgrade in made.upgrades
        ],
    )


def test_one_cause_that_keeps_coming_back_stops_it() -> None:
    result = decide(with_failures("fsffp", cause="no such tag"), NOW)
    assert result.pause == "3 instances failed for one reason: no such tag"


def test_two_of_one_cause_stop_nothing() -> None:
    assert decide(with_failures("ffp", cause="no such tag"), NOW).start == (2,)


def test_failures_that_somebody_has_seen_stop_it_no_more() -> None:
    assert decide(with_failures("ffff|p", cause="no such tag", forgiven=True), NOW).start == (10,)


def test_what_was_forgiven_hides_no_new_failures() -> None:
    seen = with_failures("fffff", cause="old", forgiven=True)
    new = with_failures("fffp", cause="new")
    upgrades = [*seen.upgrades, *(replace(upgrade, id=upgrade.id + 50) for upgrade in new.upgrades)]
    assert "3 instances" in decide(replace(seen, upgrades=upgrades), NOW).pause


def test_an_approved_wave_begins() -> None:
    waiting = record("ss|p", approve_waves=True)
    assert decide(replace(waiting, approved_wave=1), NOW).start == (10,)


def test_a_later_attempt_waits_for_its_time() -> None:
    later = NOW + timedelta(seconds=30)
    waiting = replace(record("p"), upgrades=[Upgrade(0, UpgradeState.PENDING, not_before=later)])
    assert decide(waiting, NOW) == Decision(look_again=later)
    assert decide(waiting, later).start == (0,)


def test_starts_are_staggered() -> None:
    minute = timedelta(minutes=1)
    assert decide(record("ppp", stagger=minute), NOW) == Decision((0,), look_again=NOW + minute)
    assert decide(record("rpp", stagger=minute), NOW) == Decision(look_again=NOW + minute)
    assert decide(record("rpp", stagger=minute), NOW + minute).start == (1,)


def test_a_window_is_by_the_clock_of_each_site() -> None:
    night = Window.of("22:00-05:00")
    upgrades = [
        Upgrade(0, UpgradeState.PENDING, time_zone="Europe/Berlin"),
        Upgrade(1, UpgradeState.PENDING, time_zone="Asia/Tokyo"),
        Upgrade(2, UpgradeState.PENDING, time_zone="Pacific/Auckland"),
    ]
    waiting = Record(RolloutState.RUNNING, Rules(batch_size=3, window=night), upgrades)
    opens_in_tokyo = datetime(2026, 5, 4, 13, tzinfo=UTC)
    assert decide(waiting, NOW) == Decision(start=(2,), look_again=opens_in_tokyo)
    assert decide(waiting, opens_in_tokyo).start == (1, 2)


def test_attempts_come_at_longer_and_longer_intervals() -> None:
    pauses = [pause_before_attempt(attempts) for attempts in range(1, 40)]
    assert pauses[0] == timedelta(seconds=30)
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


MODELS = st.builds(
    Model,
    outcomes=st.lists(
        st.lists(
            st.tuples(st.integers(1, 5000), st.sampled_from(["", "", "", "this", "that"])),
            min_size=4,
            max_size=4,
        ),
        max_size=12,
    ),
    rules=st.builds(
        Rules,
        batch_size=st.integers(1, 4),
        num_attempts=st.integers(1, 3),
        stagger=st.sampled_from([timedelta(0), timedelta(seconds=90), timedelta(hours=1)]),
        max_failures=st.none() | st.integers(0, 4),
        max_same_cause=st.none() | st.integers(1, 3),
        approve_waves=st.booleans(),
        window=st.sampled_from([None, Window.of("22:00-05:00"), Window.of("09:30-10:00")]),
    ),
    canaries=st.integers(0, 3),
    deeds=st.dictionaries(st.integers(0, 60), st.sampled_from(["pause", "abort"]), max_size=2),
)


@given(MODELS)
def test_it_always_comes_to_its_end_by_the_rules(model: Model) -> None:
    model.run()
    assert model.state == RolloutState.ENDED
    states = {upgrade.state for upgrade in model.upgrades.values()}
    assert states <= {UpgradeState.SUCCEEDED, UpgradeState.FAILED, UpgradeState.CANCELLED}


def held(states: str, *ids: int) -> Record:
    waiting = record(states)
    return replace(
        waiting, upgrades=[replace(upgrade, held=upgrade.id in ids) for upgrade in waiting.upgrades]
    )


@pytest.mark.parametrize(
    "states, ids, decision",
    [
        ("ppp", (0,), Decision(start=(1, 2))),
        ("sp|pp", (1,), Decision(start=(10, 11))),
        ("rp", (1,), Decision()),
        ("sp", (1,), Decision(pause="All pending instances are held (1).")),
        ("p|pp", (0,), Decision(pause="Every instance of the earlier waves is held (1).")),
    ],
)
def test_what_is_held_is_not_started(states: str, ids: tuple[int, ...], decision: Decision) -> None:
    assert decide(held(states, *ids), NOW) == decision
