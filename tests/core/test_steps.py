"""The pending parts of a step that may have been done, and changed by others since."""

from hypothesis import given
from hypothesis import strategies as st

from ocim.core.steps import step_status

WANTED = {"code": "acme", "name": "Acme"}


def test_what_is_not_there_is_owed_as_a_whole() -> None:
    result = step_status(WANTED, actual=None)
    assert result.is_pending
    assert result.fields == WANTED


def test_what_is_as_wanted_is_not_owed() -> None:
    assert not step_status(WANTED, actual=WANTED).is_pending


def test_an_operators_edit_stays() -> None:
    result = step_status(WANTED, actual={**WANTED, "name": "Acme Ltd"}, applied=WANTED)
    assert not result.is_pending
    assert result.edited == ("name",)
    assert result.drifted == ()


def test_an_operators_edit_survives_another_change_of_ours() -> None:
    wanted = {**WANTED, "mail": "new@example.com"}
    applied = {**WANTED, "mail": "old@example.com"}
    result = step_status(wanted, actual={**applied, "name": "Acme Ltd"}, applied=applied)
    assert result.changing == ("mail",)
    assert result.fields == {**wanted, "name": "Acme Ltd"}


def test_an_edit_of_what_the_service_cannot_do_without_is_a_drift_and_stays() -> None:
    result = step_status(WANTED, actual={**WANTED, "code": "x"}, applied=WANTED, essential={"code"})
    assert not result.is_pending
    assert result.drifted == ("code",)


def test_what_was_removed_is_made_again() -> None:
    result = step_status(WANTED, actual={"name": "Acme"}, applied=WANTED)
    assert result.changing == ("code",)


def test_force_mends_a_drift() -> None:
    result = step_status(
        WANTED, actual={**WANTED, "code": "x"}, applied=WANTED, essential={"code"}, force=True
    )
    assert "code" in result.changing
    assert result.fields == WANTED


def test_force_sets_what_is_as_wanted_too() -> None:
    assert step_status(WANTED, actual=WANTED, applied=WANTED, force=True).changing == (
        "code",
        "name",
    )


def test_what_others_made_gets_what_is_essential_and_what_is_empty() -> None:
    wanted = {"code": "acme", "name": "Acme", "mail": "a@example.com"}
    actual = {"code": "x", "name": "", "mail": "b@example.com"}
    result = step_status(wanted, actual=actual, essential={"code"})
    assert result.changing == ("code", "name")
    assert result.fields["mail"] == "b@example.com"


_FIELDS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "1", "2"]))


@given(wanted=_FIELDS, actual=_FIELDS, applied=st.none() | _FIELDS, essential=st.sets(
    st.sampled_from("abc")))  # fmt: skip
def test_once_done_a_step_is_not_owed_again(
    wanted: dict[str, str],
    actual: dict[str, str],
    applied: dict[str, str] | None,
    essential: set[str],
) -> None:
    first = step_status(wanted, actual=actual, applied=applied, essential=essential)
    again = step_status(wanted, actual=first.fields, applied=wanted, essential=essential)
    assert not again.is_pending
    assert again.fields == first.fields
