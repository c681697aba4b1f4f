from urllib.parse import parse_qs

import pytest

from ocim.core.errors import ValidationError
from ocim.core.fleet_filter import FleetFilter, Health
from ocim.core.instance import Service
from ocim.core.states import InstanceState

EVERYTHING = FleetFilter(
    q="campus acme",
    release=("open-release/juniper.2",),
    tag=("a", "b"),
    service=(Service.ECOMMERCE,),
    provider=("local",),
    state=(InstanceState.ON_THE_WEB, InstanceState.DOWN),
    organization=("A & B",),
    health=(Health.DEGRADED,),
    held=False,
    maintenance=True,
    id=(1, 22),
    sort="-created",
)


def parsed(**query: str) -> FleetFilter:
    return FleetFilter.parse({name: [text] for name, text in query.items()})


def test_a_query_without_values_selects_all() -> None:
    assert FleetFilter.parse({"q": [""], "state": ["", " "]}) == FleetFilter()
    assert FleetFilter().selects_all
    assert FleetFilter(sort="-name").selects_all
    assert not FleetFilter(held=False).selects_all


def test_a_filter_comes_back_from_its_query_string() -> None:
    assert FleetFilter.parse(parse_qs(EVERYTHING.as_query())) == EVERYTHING


def test_a_query_string_holds_only_what_differs_from_the_default() -> None:
    assert FleetFilter(state=(InstanceState.ON_THE_WEB,)).as_query() == "state=on+the+web"


def test_a_value_counts_once() -> None:
    assert FleetFilter.parse({"tag": ["a", "a "]}).tag == ("a",)


def test_words_are_taken_without_blanks_around_them() -> None:
    assert parsed(q="  two   words ").q == "two words"


def test_parameters_besides_the_filter_are_named() -> None:
    assert FleetFilter.parse({"after": ["x"]}, besides=("after",)) == FleetFilter()


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        FleetFilter.parse(
            {
                "stat": ["down"],
                "state": ["dead", "down"],
                "held": ["maybe"],
                "maintenance": ["on"],
                "id": ["7", "x", "9" * 19],
                "sort": ["name", "-name"],
                "tag": ["a\0b"],
                "q": ["1 2 3 4 5 6 7 8 9"],
            }
        )
    faults = caught.value.faults
    assert faults[0] == "Unknown filter 'stat'. Did you mean 'state'?"
    assert [fault.partition(":")[0] for fault in faults[1:]] == [
        "state", "held", "maintenance", "id", "id", "sort", "tag", "q",
    ]  # fmt: skip
    assert "on the web" in faults[1]


def test_digits_of_other_scripts_are_no_id() -> None:
    with pytest.raises(ValidationError):
        parsed(id="٣")


def test_so_many_values_are_no_filter() -> None:
    with pytest.raises(ValidationError, match="the maximum is 1000"):
        FleetFilter.parse({"id": [str(number) for number in range(1001)]})
