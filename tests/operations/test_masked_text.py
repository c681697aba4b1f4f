"""Texts with masked secrets, which somebody edits who may not see them."""

import pytest

from ocim.core.errors import ValidationError
from ocim.operations.masked_text import (
    masked_notes,
    masked_settings,
    restored_notes,
    restored_settings,
)

SETTINGS = """# the shop's
SHOP_PASSWORD: first-secret
SITE_NAME: Campus
NESTED:
  url: https://user:second-secret@example.com/
  API_KEY: |
    line-one-of-it
    line-two-of-it
"""


def edited(text: str) -> str:
    shown = masked_settings(SETTINGS)
    assert shown is not None
    return restored_settings(text, original=SETTINGS, shown=shown)


def test_secrets_are_masked_and_all_else_is_as_it_was() -> None:
    shown = masked_settings(SETTINGS)
    assert shown is not None
    assert not any(text in shown for text in ("first", "second", "line-one", "line-two"))
    assert "# the shop's\nSHOP_PASSWORD: ********\nSITE_NAME: Campus\n" in shown


def test_lines_that_stay_keep_their_secrets() -> None:
    shown = masked_settings(SETTINGS)
    assert shown is not None
    changed = shown.replace("Campus", "North").replace("# the shop's\n", "NEW: 1\n")
    assert edited(changed) == SETTINGS.replace("Campus", "North").replace(
        "# the shop's\n", "NEW: 1\n"
    )


def test_a_secret_can_be_replaced() -> None:
    shown = masked_settings(SETTINGS) or ""
    changed = shown.replace("SHOP_PASSWORD: ********", "SHOP_PASSWORD: third")
    assert "SHOP_PASSWORD: third\nSITE_NAME" in edited(changed)


def test_a_mask_in_another_place_is_a_fault_with_its_line() -> None:
    shown = masked_settings(SETTINGS) or ""
    with pytest.raises(ValidationError, match=r"extra_settings, line 2, column 16: "):
        edited(shown.replace("SHOP_PASSWORD", "SHIP_PASSWORD"))


@pytest.mark.parametrize(
    "text",
    [
        'A_PASSWORD: "folded\n  over-lines"\n',
        "A_PASSWORD: >\n  folded-here\n  over-lines\n",
        'A_PASSWORD: "escaped\\x41escaped"\n',
        "A_PASSWORD: x\n",
        "no: [mapping\n",
    ],
)
def test_settings_of_which_a_secret_would_be_left_are_not_shown(text: str) -> None:
    assert masked_settings(text) is None


def test_a_secret_does_not_get_a_name_that_everybody_sees() -> None:
    shown = masked_settings(SETTINGS) or ""
    with pytest.raises(ValidationError, match="would become a text that everybody sees"):
        edited(shown.replace("  API_KEY: |", "  NOTE: |"))


def test_an_anchor_does_not_show_a_secret() -> None:
    original = "A_PASSWORD: &it secret-word\n"
    shown = masked_settings(original)
    assert shown == "A_PASSWORD: &it ********\n"
    with pytest.raises(ValidationError, match="everybody sees"):
        restored_settings(f"{shown}NOTE: *it\n", original=original, shown=shown)


def test_a_parent_is_not_renamed_to_show_what_is_below_it() -> None:
    original = "DB_PASSWORD:\n  value: secret-word\nOTHER_PASSWORD: secret-word\n"
    shown = masked_settings(original)
    assert shown is not None
    with pytest.raises(ValidationError, match="everybody sees"):
        restored_settings(shown.replace("DB_PASSWORD", "NOTE"), original=original, shown=shown)


def test_notes_do_not_show_what_was_masked_on_the_line_before() -> None:
    original = "password:\nsecret-word\n"
    shown = masked_notes(original)
    assert shown == "password:\n********\n"
    assert restored_notes(f"{shown}more\n", original=original, shown=shown) == f"{original}more\n"
    with pytest.raises(ValidationError, match="everybody sees"):
        restored_notes("********\n", original=original, shown=shown)


def test_a_comment_with_a_secret_is_hidden_as_a_whole() -> None:
    text = "# fine\n\n# A_PASSWORD: |\n#   secret-word\na: 1 # token: secret-word\n"
    assert masked_settings(text) == "# fine\n\n# ********\n# ********\na: 1 # ********\n"


def test_notes_are_shown_unless_their_lines_would_be_others() -> None:
    assert masked_notes("call\npassword: secret-word\n") == "call\npassword: ********\n"
    assert masked_notes('password: "a\nb"') is None
