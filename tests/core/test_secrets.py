import re

import pytest
from hypothesis import given

from ocim.core.secrets import Secret, derive, masked, revealed, secret_texts
from tests.core.strategies import VALUES


def test_a_derived_secret_is_the_same_today_and_tomorrow() -> None:
    # Whoever changes this changes every secret of every instance.
    assert derive(b"seed", "EDXAPP_EDX_API_KEY").reveal() == "vf7zfyfbk1Dp5t0rfaiCWUYq1wT3V729"


def test_every_seed_and_every_name_has_a_secret_of_its_own() -> None:
    made = {derive(seed, name) for seed in (b"one", b"two") for name in ("a", "b", "ab")}
    assert len(made) == 6


@pytest.mark.parametrize("length", [1, 16, 32, 200])
def test_a_derived_secret_has_the_length_asked_for_and_letters_and_digits_only(
    length: int,
) -> None:
    assert re.fullmatch(rf"[A-Za-z0-9]{{{length}}}", derive(b"seed", "name", length).reveal())


def test_nothing_is_derived_from_an_empty_seed() -> None:
    with pytest.raises(ValueError, match="empty seed"):
        derive(b"", "name")


def test_secrets_are_masked_and_revealed_at_any_depth() -> None:
    values = {"a": [{"b": Secret("hidden")}], "c": "open", "d": None}
    assert masked(values) == {"a": [{"b": "********"}], "c": "open", "d": None}
    assert revealed(values) == {"a": [{"b": "hidden"}], "c": "open", "d": None}


def test_the_texts_of_all_secrets_are_found_but_for_empty_ones() -> None:
    values = {"a": [{"b": Secret("one")}, Secret("")], "c": Secret("two"), "d": "three"}
    assert secret_texts(values) == {"one", "two"}


@given(VALUES)
def test_masked_values_never_contain_the_text_of_a_secret(values: object) -> None:
    shown = repr(masked(values))
    assert [text for text in secret_texts(values) if text in shown] == []
