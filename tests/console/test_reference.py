"""The reference says what the code says."""

from collections.abc import Callable

import pytest

from ocim.catalog.variables.known import KNOWN
from ocim.console.overview import own_commands
from ocim.project.options import option_fields
from ocim.project.reference import DIRECTORY, commands_page, settings_page
from ocim.project.variables_page import variables_page


@pytest.mark.parametrize(
    "name, page",
    [
        ("settings.md", settings_page),
        ("commands.md", commands_page),
        ("variables.md", variables_page),
    ],
)
def test_the_page_is_up_to_date(name: str, page: Callable[[], str]) -> None:
    assert (DIRECTORY / name).read_text() == page(), "Run `make reference`."


def test_every_setting_is_in_the_reference() -> None:
    page = settings_page()

    assert all(f"| `{option_field.metadata['name']}` |" in page for option_field in option_fields())


def test_every_command_is_in_the_reference_whatever_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = commands_page()
    monkeypatch.setenv("COLUMNS", "40")

    assert commands_page() == page
    assert all(f"\n## ocim {name}\n" in page for name in own_commands())


def test_every_variable_is_in_the_reference_once() -> None:
    page = variables_page()

    assert [name for name in KNOWN if page.count(f"| `{name}` |") != 1] == []
