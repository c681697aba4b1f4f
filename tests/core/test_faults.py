"""Faults of forms, by field."""

from ocim.core.faults import sorted_faults

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
