"""Faults of forms, by field."""

import pickle

import pytest

from ocim.core.errors import ValidationError
from ocim.core.faults import Fault, sorted_faults

FIELDS = ("name", "configuration_extra_settings")


def test_a_fault_is_told_beside_its_field_without_the_fields_name() -> None:
    faults = sorted_faults(["name: It is empty.", "name: It is odd."], FIELDS)
    assert faults.by_field == {"name": ["It is empty.", "It is odd."]}
    assert faults.others == []


def test_a_fault_in_a_text_has_its_line() -> None:
    faults = sorted_faults(["configuration_extra_settings, line 3, column 2: a: b is odd."], FIELDS)
    assert faults.by_field == {"configuration_extra_settings": ["Line 3, column 2: a: b is odd."]}
    assert faults.lines == {"configuration_extra_settings": [3]}


def test_what_is_about_no_field_is_kept() -> None:
    texts = ["studio.example.com: two services have this name.", "other: unknown.", "Odd."]
    assert sorted_faults(texts, FIELDS).others == texts


@pytest.mark.parametrize(
    "text, field, rest",
    [
        ("name: It is empty.", "name", "It is empty."),
        ("--batch-size must be 1 or more.", "batch_size", "must be 1 or more."),
        ("--filter: unknown field 'nam'.", "filter", "unknown field 'nam'."),
        ("There are no instances.", "", "There are no instances."),
        ("studio.example.com: two services.", "", "studio.example.com: two services."),
    ],
)
def test_an_errors_faults_know_their_field(text: str, field: str, rest: str) -> None:
    [fault] = ValidationError([text]).faults
    assert (fault, fault.field, fault.text) == (text, field, rest)
    assert (fault.line, fault.column) == (None, None)


def test_a_fault_knows_its_line_and_column_in_other_processes_too() -> None:
    fault = pickle.loads(pickle.dumps(Fault.of("--update, line 3, column 2: odd.")))  # noqa: S301
    assert (fault.field, fault.line, fault.column, fault.text) == ("update", 3, 2, "odd.")
    assert fault == "--update, line 3, column 2: odd."
