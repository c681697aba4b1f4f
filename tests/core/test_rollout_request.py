"""Requests for rollouts: read from options, and written as options."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocim.core.errors import ValidationError
from ocim.core.rollout import Rules
from ocim.core.rollout_request import (
    FailureBudget,
    RolloutRequest,
    read_rules,
    read_time,
    read_waves,
)
from ocim.core.waves import Share
from ocim.core.windows import Window


def read(options: dict[str, Any]) -> RolloutRequest:
    """Read what the core reads; the rest is for who knows instances."""
    return RolloutRequest(
        options["tag"],
        filter=options.get("filter", {}),
        exclude=options.get("exclude", {}),
        update=options.get("update", {}),
        sql=tuple(options.get("preupgrade_sql_commands", ())),
        waves=read_waves(options),
        **read_rules(options),
    )


ALL_OPTIONS = {
    "tag": "lilac",
    "filter": {"name": "A"},
    "exclude": {"id": 3},
    "retry_failed": True,
    "update": {"edx_platform_commit": "new"},
    "preupgrade_sql_commands": ["SELECT 1"],
    "strict_sql": True,
    "backup": True,
    "no_activate": True,
    "batch_size": 6,
    "num_attempts": 3,
    "stagger": 30.0,
    "waves": "3,10%,tag:early",
    "approve_waves": True,
    "max_failures": "10%",
    "max_same_cause": 0,
    "window": "22:00-05:00",
    "queue": "low",
    "at": "2026-05-04T20:00:00+00:00",
}


@pytest.mark.parametrize("options", [{"tag": "lilac"}, ALL_OPTIONS])
def test_a_request_is_what_its_options_say(options: dict[str, Any]) -> None:
    """Read written options again."""
    request = read(options)
    assert read(request.as_options()) == request
    assert {name: request.as_options()[name] for name in options} == options


def test_defaults_are_those_of_the_rules() -> None:
    """Compare the two places that say how many upgrades run at once."""
    assert RolloutRequest("x").rules(10) == Rules()
    assert read_rules({"batch_size": None}) == read_rules({})


def test_rules_are_for_a_number_of_instances() -> None:
    """Turn a percentage into a number; keep everything else as requested."""
    assert read(ALL_OPTIONS).rules(39) == Rules(
        batch_size=6,
        num_attempts=3,
        stagger=timedelta(seconds=30),
        max_failures=3,
        max_same_cause=None,
        approve_waves=True,
        window=Window.of("22:00-05:00"),
    )


def test_rules_survive_the_database() -> None:
    """Keep the options as JSON."""
    rules = read(ALL_OPTIONS).rules(39)
    assert Rules.from_json(rules.to_json()) == rules
    assert Rules.from_json(Rules().to_json()) == Rules()


def test_all_faults_are_told_at_once() -> None:
    """Report all faults at once."""
    with pytest.raises(ValidationError) as refused:
        read_rules(
            {
                "batch_size": 0,
                "stagger": float("nan"),
                "max_same_cause": -1,
                "max_failures": "half",
                "window": "at night",
            }
        )
    assert [fault.split()[0].rstrip(":") for fault in refused.value.faults] == [
        "--batch-size",
        "--stagger",
        "--max-same-cause",
        "--window",
        "--max-failures",
    ]


@pytest.mark.parametrize(
    "text, budget",
    [("0", FailureBudget(0)), ("12", FailureBudget(12)), ("10%", FailureBudget(10, True))],
)
def test_budgets(text: str, budget: FailureBudget) -> None:
    """Take a number, or a percentage."""
    assert FailureBudget.of(text) == budget
    assert str(budget) == text


@pytest.mark.parametrize(
    "options, waves",
    [
        ({}, ()),
        ({"canary": 0, "waves": ""}, ()),
        ({"canary": 2}, (Share(count=2),)),
        ({"waves": "1, 10%,tag:x"}, (Share(count=1), Share(percent=10), Share(tag="x"))),
    ],
)
def test_waves(options: dict[str, Any], waves: tuple[Share, ...]) -> None:
    """Turn a canary into a first wave."""
    assert read_waves(options) == waves


@pytest.mark.parametrize(
    "text", ["2026-05-04T22:00+02:00", "2026-05-04 20:00", "2026-05-04T20:00Z", " 2026-05-04T20 "]
)
def test_a_time_is_of_utc_unless_an_offset_follows(text: str) -> None:
    """Read ways to write one time."""
    assert read_time(text) == datetime(2026, 5, 4, 20, tzinfo=UTC)


@pytest.mark.parametrize("text", ["noon", "22:00", "0001-01-01T00:00+14:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """Refuse texts without a day, and times that nothing can store."""
    with pytest.raises(ValidationError, match="is no time"):
        read_time(text)
