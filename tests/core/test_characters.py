import pytest

from ocim.core.characters import hint


@pytest.mark.parametrize("text", ["", "Campus of ACME", "École d'été", "日本 🎓", "two\nlines"])
def test_text_that_shows_has_no_hint(text: str) -> None:
    assert hint(text) == ""


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a\u00a0b", " Character 2 is a no-break space (U+00A0)."),
        ("a\tb", " Character 2 is a tab (U+0009)."),
        ("\u200bx", " Character 1 is a zero width space (U+200B)."),
        ("x\ufeff", " Character 2 is a zero width no-break space (U+FEFF)."),
        ("a\u3000b", " Character 2 is an ideographic space (U+3000)."),
        ("a\u3164", " Character 2 is a hangul filler (U+3164)."),
        ("a\u2028b", " Character 2 is a line separator (U+2028)."),
        ("a\ue000", " Character 2 is a character without a name (U+E000)."),
        ("first\nsec\u00a0ond", " Character 4 of line 2 is a no-break space (U+00A0)."),
    ],
)
def test_a_character_that_does_not_show_is_named_with_its_place(text: str, expected: str) -> None:
    assert hint(text) == expected
