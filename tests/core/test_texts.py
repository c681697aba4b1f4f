"""Numbers, durations and lists of names in sentences."""

import pytest

from ocim.core.texts import duration, listed, plural, shortened


@pytest.mark.parametrize(
    "count, text",
    [(0, "0 instances"), (1, "1 instance"), (2, "2 instances")],
)
def test_a_number_agrees_with_its_noun(count: int, text: str) -> None:
    """Use the singular for 1 only."""
    assert plural(count, "instance") == text


def test_a_plural_may_be_said() -> None:
    """Form plurals that need more than an s."""
    assert plural(1, "index", "indexes") == "1 index"
    assert plural(3, "index", "indexes") == "3 indexes"


@pytest.mark.parametrize(
    "seconds, text",
    [(None, ""), (0, "0:00:00"), (59.6, "0:01:00"), (3723, "1:02:03"), (90000, "1 day, 1:00:00")],
)
def test_durations(seconds: float | None, text: str) -> None:
    """Show durations in whole seconds."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    "names, text",
    [([], "none"), (["a"], "a"), (["a", "b"], "a and b"), (iter([1, 2, 3]), "1, 2 and 3")],
)
def test_lists_of_names(names: list[str], text: str) -> None:
    """End no sentence with a colon and nothing."""
    assert listed(names) == text


def test_the_last_word_may_be_another() -> None:
    """Join choices with "or"."""
    assert listed(["a", "b", "c"], "or") == "a, b or c"


def test_a_long_text_ends_with_an_ellipsis() -> None:
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3) == "abc…"
