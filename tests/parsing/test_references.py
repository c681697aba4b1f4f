"""Settings whose templates lead back to themselves, or name what may be undefined."""

import pytest

from ocim.core.errors import ValidationError
from ocim.parsing.extra_settings import check_extra_settings
from ocim.parsing.references import names_used


def faults(text: str) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        check_extra_settings(text)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    "text",
    [
        'X: "{{ X | combine({1: 2}) }}"',
        'X: {inner: ["{{ X.other }}"]}',
        "X: \"{{ X | default('') }}\"",
        'X: {"{{ X }}": 1}',
    ],
)
def test_a_variable_that_uses_itself_is_refused_with_its_line(text: str) -> None:
    [fault] = faults(f"before: 1\n{text}")
    assert fault.startswith("configuration_extra_settings, line 2, column 1: X uses itself")
    assert "write just your keys" in fault


def test_variables_that_use_each_other_are_refused_as_a_circle() -> None:
    [fault] = faults("A: '{{ B }}'\nB: '{{ C }}'\nC: '{{ A }}'\n")
    assert "line 1, column 1: A → B → C → A has no end." in fault


def test_every_circle_has_a_fault() -> None:
    assert len(faults("A: '{{ B }}'\nB: '{{ A }}'\nC: '{{ D }}'\nD: '{{ C }}'\nE: '{{ E }}'")) == 3


@pytest.mark.parametrize(
    "text",
    [
        "A: '{{ B }}'\nB: '{{ C }}'\nC: 1\n",
        "X: '{% for X in [1] %}{{ X }}{% endfor %}'",
        "X: '{{ item.X }}'",
        "X: the word X",
    ],
)
def test_settings_that_lead_to_an_end_are_accepted(text: str) -> None:
    assert check_extra_settings(text)


def test_names_that_may_be_undefined_are_not_required() -> None:
    text = "{{ a | default(b) }} {% if c is defined %}{{ d }}{% endif %}"
    assert names_used(text, required=True) == {"b", "d"}
    assert names_used([{"x": text}]) == {"a", "b", "c", "d"}
