"""The validator that every page which the tests of pages get has to pass."""

import pytest

from tests.validator import MISSING, Validator


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_a_page_with_a_fault_is_not_valid() -> None:
    with Validator() as validator:
        assert validator.faults('<p id="name">one</p>') == []
        [fault] = validator.faults('<p id="name">one</p><p id="name">two</p>')
    assert "name" in fault
