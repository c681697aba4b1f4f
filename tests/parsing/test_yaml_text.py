import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ocim.core.errors import ValidationError
from ocim.parsing.yaml_text import MAX_BYTES, read_mapping, read_value

Read = Callable[..., Any]


def faults(text: str, read: Read = read_mapping) -> list[str]:
    """Return the fault of the text, without the place's name."""
    with pytest.raises(ValidationError) as caught:
        read(text, where="f")
    return [fault.removeprefix("f, ") for fault in caught.value.faults]


@pytest.mark.parametrize(
    "text, values",
    [
        ("", {}),
        ("---\n# only a comment\n", {}),
        ("a: 1", {"a": 1}),
        ("\ufeffa: 1\r\nb: ü\r\n", {"a": 1, "b": "ü"}),
        ("a: yes\nb: Off\nc: 'yes'", {"a": True, "b": False, "c": "yes"}),
        ("a: !!null\nb: ~\nc:", {"a": None, "b": None, "c": None}),
        ("a: 010\nb: 0x1f\nc: 1_000\nd: 1:30", {"a": 8, "b": 31, "c": 1000, "d": 90}),
        ("a: 1.5\nb: 1e3\nc: !!float 2", {"a": 1.5, "b": "1e3", "c": 2.0}),
        ("a: !!str 5", {"a": "5"}),
        ("a: {b: [1, {c: 2}]}", {"a": {"b": [1, {"c": 2}]}}),
        ("a: |\n  x\n  y\nb: >\n  x\n  y\n", {"a": "x\ny\n", "b": "x y\n"}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        (
            "a: &x {k: 1, l: 1}\nb:\n  <<: *x\n  k: 2",
            {"a": {"k": 1, "l": 1}, "b": {"k": 2, "l": 1}},
        ),
        ("b: {<<: [{k: 1}, {k: 2, l: 2}]}", {"b": {"k": 1, "l": 2}}),
        ("'<<': 1", {"<<": 1}),
    ],
)
def test_yaml_is_read_as_ansible_reads_it(text: str, values: dict[str, Any]) -> None:
    assert read_mapping(text, where="f") == values


@pytest.mark.parametrize(
    "text, place, expected",
    [
        ("a: 1\nb: [1, 2", "line 3, column 1", "flow sequence that starts in line 2"),
        ("a: 1\n b: 2", "line 2, column 3", "invalid YAML"),
        ("a:\n\tb: 1", "line 2, column 1", "invalid YAML"),
        ("a: *x", "line 1, column 4", "undefined alias"),
        ("a: 1\n---\nb: 2", "line 2, column 1", "document"),
        ("- a", "line 1, column 1", "must be a mapping"),
        ("just text", "line 1, column 1", "must be a mapping"),
        ("a: 1\nb:\n  c: 1\n  c: 2", "line 4, column 3", "c is already set in line 3"),
        ("a:\n- b: 1\n  b: 1", "line 3, column 3", "b is already set in line 2"),
        ("a: {<<: {}, <<: 1}", "line 1, column 13", "<< must be a mapping"),
        ("1: a", "line 1, column 1", "keys must be texts"),
        ("yes: a", "line 1, column 1", "keys must be texts"),
        ("a: {{ x }}", "line 1, column 5", "Quote values that start with {{"),
        ("? [x]\n: a", "line 1, column 3", "keys must be texts"),
        ("a: !!python/object/apply:os.system [x]", "line 1, column 4", "!!python/object/apply"),
        ("a: !!python/name:os.system", "line 1, column 4", "!!python/name:os.system"),
        ("a: !unsafe '{{ x }}'", "line 1, column 4", "!unsafe"),
        ("a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  61", "line 1, column 4", "!vault"),
        ("a: !!set {x}", "line 1, column 4", "!!set"),
        ("a: !!binary aGVsbG8=", "line 1, column 4", "!!binary"),
        ("a: !!map [x]", "line 1, column 4", "!!map"),
        ("a: 2020-01-31", "line 1, column 4", "YAML reads this as a date"),
        ("a: 2020-99-99", "line 1, column 4", "YAML reads this as a date"),
        ("a: !!int x", "line 1, column 4", "does not fit its tag !!int"),
        ("a: !!bool maybe", "line 1, column 4", "does not fit its tag !!bool"),
        ("a: .nan", "line 1, column 4", "too large to store"),
        ("a: -.inf", "line 1, column 4", "too large to store"),
        ("a: 9223372036854775808", "line 1, column 4", "too large to store"),
        (f"a: {'9' * 5000}", "line 1, column 4", "too large to store"),
        ("a: 1\nb: x\x00y", "line 2, column 5", "control character (code 0)"),
        ("a: '\ud800'", "line 1, column 5", "control character (code 55296)"),
        ('a: "x\\0y"', "line 1, column 4", "control character (code 0)"),
        ("a: &x [*x]", "line 1, column 4", "contains itself"),
        ("a: &x\n  <<: *x", "line 1, column 4", "contains itself"),
        ("a:\n  b: " + "[" * 60, "line 2, column 54", "more than 50 levels"),
        ("[" * 100_000, "line 1, column 51", "more than 50 levels"),
        (f"a: '{'x' * MAX_BYTES}'", "line 1, column 1", "too large"),
        (
            "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(40)),
            "line 1, column 10",
            "aliases (*name) repeat",
        ),
        (f"a: &a {'x' * 1000}\nb: [{','.join(['*a'] * 300)}]", "line 1, column 4", "repeat"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_safely_is_refused_with_its_place(
    text: str, place: str, expected: str
) -> None:
    (fault,) = faults(text)
    assert fault.startswith(f"{place}: ")
    assert expected in fault


@pytest.mark.parametrize(
    "text, expected",
    [
        ("\tA: 1", "Character 1 is a tab (U+0009)."),
        ("name:\u00a0x", "Character 6 is a no-break space (U+00A0)."),
        ("A: 1\n\ufeffB: 2", "Character 1 is a zero width no-break space (U+FEFF)."),
    ],
)
def test_a_character_that_does_not_show_is_named_where_something_is_wrong(
    text: str, expected: str
) -> None:
    assert faults(text)[0].endswith(expected)


def test_text_may_hold_characters_that_do_not_show() -> None:
    assert read_mapping("A: 'Bonjour\u00a0!'\nB:\t1", where="f") == {"A": "Bonjour\u00a0!", "B": 1}


def test_all_faults_are_told_at_once_in_the_order_of_the_text() -> None:
    result = faults("1: a\nb: !x y\nc: 2020-01-01\nd: 1\nd: 2\n")
    assert [fault.split(":")[0] for fault in result] == [
        f"line {line}, column {column}" for line, column in [(1, 1), (2, 4), (3, 4), (5, 1)]
    ]


def test_of_very_many_faults_the_first_are_told_and_the_others_counted() -> None:
    result = faults("\n".join(f"{n}: x" for n in range(80)))
    assert result[-1] == "f: and 30 more."
    assert len(result) == 51


def test_a_value_that_is_no_mapping_can_be_read_as_such() -> None:
    assert read_value("- INSERT x;\n", where="sql.yml") == ["INSERT x;"]
    assert read_value("", where="sql.yml") is None


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text("ab: #{'\n\t%ü", max_size=8),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.text("abcyno1", max_size=3), below, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text("abc", min_size=1), PLAIN, max_size=4))
def test_plain_values_come_back_as_they_were_written(values: dict[str, Any]) -> None:
    assert read_mapping(yaml.safe_dump(values, allow_unicode=True), where="f") == values


SNIPPETS = [
    "a",
    ": ",
    "\n",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "&x ",
    "*x",
    "<<: ",
    "|\n",
    "!!int ",
    "!x ",
    "? ",
    ",",
    "1",
    "~",
    "#",
    "{{ ",
    " }}",
    "\t",
    "\\",
    "2020-01-01",
]


@given(st.lists(st.sampled_from(SNIPPETS), max_size=25).map("".join) | st.text(max_size=40))
def test_any_text_is_read_as_pyyaml_reads_it_or_refused(text: str) -> None:
    try:
        value = read_value(text, where="f")
    except ValidationError:
        return
    assert value == yaml.load(text, yaml.CSafeLoader)
    json.dumps(value, allow_nan=False)
