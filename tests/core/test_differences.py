from typing import Any

import pytest
from hypothesis import given

from ocim.core.differences import ABSENT, Difference, differences, in_common
from ocim.core.secrets import Secret
from tests.core.strategies import MAPPINGS


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ({"a": 1}, {"a": 2}, ("a", 1, 2)),
        ({"a": 1}, {}, ("a", 1, ABSENT)),
        ({}, {"a": None}, ("a", ABSENT, None)),
        ({"a": None}, {"a": 0}, ("a", None, 0)),
        ({"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 1}}, ("a.b", 1, 2)),
        ({"a": {"b": 1}}, {"a": 1}, ("a", {"b": 1}, 1)),
        ({"a": {}}, {}, ("a", {}, ABSENT)),
        ({"a": [1, 2]}, {"a": [2, 1]}, ("a", [1, 2], [2, 1])),
        ({"a": [1]}, {"a": [True]}, ("a", [1], [True])),
        ({"a": 1}, {"a": 1.0}, ("a", 1, 1.0)),
        ({"a": "x"}, {"a": Secret("x")}, ("a", "x", Secret("x"))),
        ({"a": [Secret("x")]}, {"a": [Secret("y")]}, ("a", [Secret("x")], [Secret("y")])),
    ],
)
def test_a_difference_names_the_key_and_both_values(
    old: dict[str, Any], new: dict[str, Any], expected: tuple[str, Any, Any]
) -> None:
    path, before, after = expected
    assert differences(old, new) == (Difference(tuple(path.split(".")), before, after),)


def test_a_changed_secret_is_told_without_showing_it() -> None:
    (changed,) = differences({"KEY": Secret("old text")}, {"KEY": Secret("new text")})
    assert str(changed) == "KEY: ******** → ********"


def test_an_added_key_reads_as_not_set_before() -> None:
    (added,) = differences({}, {"a": {"b": 1}})
    assert str(added) == "a: (not set) → {'b': 1}"


def test_what_several_have_in_common_is_told_once() -> None:
    assert in_common({"a": ["x", "y", "z"], "b": ["x", "z"], "c": ["x"], "d": []}) == [
        (("a", "b", "c"), ("x",)),
        (("a", "b"), ("z",)),
        (("a",), ("y",)),
    ]


@given(MAPPINGS)
def test_nothing_differs_from_itself(values: dict[str, Any]) -> None:
    assert differences(values, dict(reversed(values.items()))) == ()


@given(MAPPINGS, MAPPINGS)
def test_the_differences_lead_from_the_one_to_the_other(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    changed = _changed(old, differences(old, new))
    assert differences(changed, new) == ()


def _changed(values: dict[Any, Any], changes: tuple[Difference, ...]) -> dict[str, Any]:
    changed = _copy(values)
    for change in changes:
        *above, key = change.path
        below = changed
        for step in above:
            below = below[step]
        if change.new is ABSENT:
            del below[key]
        else:
            below[key] = change.new
    return changed


def _copy(values: dict[Any, Any]) -> dict[Any, Any]:
    return {k: _copy(v) if isinstance(v, dict) else v for k, v in values.items()}
