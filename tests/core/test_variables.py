import json
from typing import Any

import pytest
from hypothesis import given

from ocim.core.secrets import Secret
from ocim.core.variables import Layer, Leaf, exact, from_plain, merge, to_plain
from tests.core.strategies import MAPPINGS, layers


@pytest.mark.parametrize(
    "lower, upper, expected",
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": None}, {"a": None}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}, {"a": {"b": {"c": 1, "d": 2}}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": 1}, {"a": {}}, {"a": {}}),
        ({"a": Secret("x")}, {"a": Secret("y")}, {"a": Secret("y")}),
    ],
)
def test_the_upper_layer_wins_and_mappings_merge(
    lower: dict[str, Any], upper: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert merge([Layer("lower", lower), Layer("upper", upper)]).values == expected


@pytest.fixture
def three_layers() -> list[Layer]:
    return [
        Layer("defaults", {"EXTRA": {"a": 1, "b": {"c": 2}}, "NAME": "x"}),
        Layer("secrets", {"KEY": Secret("k")}),
        Layer("operator", {"EXTRA": {"b": {"d": [3]}}, "NAME": None}),
    ]


@pytest.mark.parametrize(
    "path, layer",
    [
        (("NAME",), "operator"),
        (("KEY",), "secrets"),
        (("EXTRA", "a"), "defaults"),
        (("EXTRA", "b", "c"), "defaults"),
        (("EXTRA", "b", "d"), "operator"),
        (("EXTRA", "b"), "operator"),
        (("EXTRA",), "operator"),
    ],
)
def test_the_source_of_every_key_is_known(
    three_layers: list[Layer], path: tuple[str, ...], layer: str
) -> None:
    assert merge(three_layers).source(path) == layer


@pytest.mark.parametrize("path", [("OTHER",), ("NAME", "below"), ("EXTRA", "b", "d", "0")])
def test_what_is_not_there_has_no_source(three_layers: list[Layer], path: tuple[str, ...]) -> None:
    with pytest.raises(KeyError):
        merge(three_layers).source(path)


def test_leaves_come_with_path_and_layer_in_the_order_of_first_mention(
    three_layers: list[Layer],
) -> None:
    assert merge(three_layers).leaves == (
        Leaf(("EXTRA", "a"), 1, "defaults"),
        Leaf(("EXTRA", "b", "c"), 2, "defaults"),
        Leaf(("EXTRA", "b", "d"), [3], "operator"),
        Leaf(("NAME",), None, "operator"),
        Leaf(("KEY",), Secret("k"), "secrets"),
    )


def test_changing_the_values_changes_neither_the_layers_nor_the_next_copy() -> None:
    layer = Layer("only", {"a": {"b": [{"c": 1}]}})
    effective = merge([layer])
    effective.values["a"]["b"][0]["c"] = 2
    assert effective.values == {"a": {"b": [{"c": 1}]}} == layer.values


@given(MAPPINGS)
def test_a_single_layer_is_kept_as_it_is(values: dict[str, Any]) -> None:
    assert merge([Layer("only", values)]).values == values


@given(layers(prefix="lower"), layers(prefix="upper"))
def test_layers_that_were_merged_already_merge_on_as_if_they_had_not_been(
    lower: list[Layer], upper: list[Layer]
) -> None:
    # From the left only: a text between two mappings cuts the lower one off, so the upper ones
    # cannot be merged first.
    at_once = merge([*lower, *upper])
    assert merge([Layer("lower", merge(lower).values), *upper]).values == at_once.values


@given(layers())
def test_every_leaf_comes_from_the_layer_that_its_source_names(many: list[Layer]) -> None:
    effective = merge(many)
    by_name = {layer.name: layer.values for layer in many}
    for leaf in effective.leaves:
        value: Any = by_name[effective.source(leaf.path)]
        for key in leaf.path:
            value = value[key]
        assert value == leaf.value


@given(layers())
def test_variables_come_back_from_json_with_their_secrets_and_layers(many: list[Layer]) -> None:
    effective = merge(many)
    assert from_plain(json.loads(json.dumps(to_plain(effective)))) == effective


def test_a_mapping_that_looks_like_a_stored_secret_stays_a_mapping() -> None:
    effective = merge([Layer("only", {"a": [{"secret": "text"}, {"mapping": {}}]})])
    assert from_plain(json.loads(json.dumps(to_plain(effective)))) == effective


def test_keys_that_are_no_texts_survive_being_stored() -> None:
    values = {"X": {1: "a", None: {True: "b"}, "list": [{1: "c", "1": "d"}]}}
    effective = merge([Layer("extra", values)])
    stored = from_plain(json.loads(json.dumps(to_plain(effective))))
    assert stored.values == values
    assert list(map(type, stored.values["X"])) == [int, type(None), str]


@pytest.mark.parametrize(
    "first, second", [({1: 0}, {"1": 0}), (1, True), (1, 1.0), ([{1: 0}], [{True: 0}])]
)
def test_exact_texts_differ_where_equality_does_not(first: Any, second: Any) -> None:
    assert exact(first) != exact(second)


def test_exact_texts_are_equal_whatever_the_order_of_keys() -> None:
    assert exact({1: 0, "a": 1, None: 2}) == exact({None: 2, "a": 1, 1: 0})
