"""Settings with switches, as people write them."""

import pytest

from ocim.core.errors import Conflict
from ocim.parsing.extra_settings import enabled_services
from ocim.parsing.switch_text import with_switches

ON = {"SANDBOX_ENABLE_ECOMMERCE": True}
OFF = {"SANDBOX_ENABLE_ECOMMERCE": False}


@pytest.mark.parametrize(
    "before, after",
    [
        ("", "SANDBOX_ENABLE_ECOMMERCE: true\n"),
        ("A: 1", "A: 1\nSANDBOX_ENABLE_ECOMMERCE: true\n"),
        ("# mine\n", "# mine\nSANDBOX_ENABLE_ECOMMERCE: true\n"),
        (
            "SANDBOX_ENABLE_ECOMMERCE: no  # later\nA: 1\n",
            "SANDBOX_ENABLE_ECOMMERCE: true  # later\nA: 1\n",
        ),
        ('"SANDBOX_ENABLE_ECOMMERCE": "off"\n', '"SANDBOX_ENABLE_ECOMMERCE": true\n'),
    ],
)
def test_a_switch_is_turned_on_and_all_else_stays_as_it_was(before: str, after: str) -> None:
    assert with_switches(before, ON) == after


def test_on_and_off_is_as_if_it_had_been_written_off() -> None:
    assert with_switches(with_switches("A: 1\n", ON), OFF) == (
        "A: 1\nSANDBOX_ENABLE_ECOMMERCE: false\n"
    )


def test_settings_in_braces_can_be_switched_where_the_switch_is_there() -> None:
    text = with_switches("{A: 1, SANDBOX_ENABLE_ECOMMERCE: no}", ON)
    assert "ecommerce" in enabled_services(text)


def test_settings_in_braces_cannot_be_added_to() -> None:
    with pytest.raises(Conflict, match="braces"):
        with_switches("{A: 1}", ON)
