"""What is owed of a step that may have been done, and changed by others since."""

from hypothesis import given
from hypothesis import strategies as st

from ocim.core.steps import step_status

WANTED = {"code": "acme", "name": "Acme"}


def test_what_is_not_there_is_owed_as_a_whole() -> None:
    found = step_status(WANTED, actual=None)
    assert found.is_pending
    assert found.fields == WANTED


def test_what_is_as_wanted_is_not_owed() -> None:
    assert not step_status(WANTED, actual=WANTED).is_pending


def test_an_operators_edit_stays() -> None:
    found = step_status(WANTED, actual={**WANTED, "name": "Acme Ltd"}, applied=WANTED)
    assert not found.is_pending
    assert found.edited == ("name",)
    assert found.drifted == ()


def test_an_operators_edit_survives_another_change_of_ours() -> None:
    wanted = {**WANTED, "mail": "new@example.com"}
    applied = {**WANTED, "mail": "old@example.com"}
    found = step_status(wanted, actual={**applied, "name": "Acme Ltd"}, applied=applied)
    assert found.changing == ("mail",)
    assert found.fields == {**wanted, "name": "Acme Ltd"}


def test_an_edit_of_what_the_service_cannot_do_without_is_a_drift_and_stays() -> None:
    found = step_status(WANTED, actual={**WANTED, "code": "x"}, applied=WANTED, essential={"code"})
    assert not found.is_pending
    assert found.drifted == ("code",)


def test_what_was_removed_is_made_again() -> None:
    found = step_status(WANTED, actual={"name": "Acme"}, applied=WANTED)
    assert found.changing == ("code",)


def test_force_mends_a_drift() -> None:
    found = step_status(
        WANTED, actual={**WANTED, "code": "x"}, applied=WANTED, essential={"code"}, force=True
    )
    assert "code" in found.changing
    assert found.fields == WANTED


def test_force_sets_what_is_as_wanted_too() -> None:
    assert step_status(WANTED, actual=WANTED, applied=WANTED, force=True).changing == (
        "code",
        "name",
    )


def test_what_others_made_gets_what_is_essential_and_what_is_empty() -> None:
    wanted = {"code": "acme", "name": "Acme", "mail": "a@example.com"}
    actual = {"code": "x", "name": "", "mail": "b@example.com"}
    found = step_status(wanted, actual=actual, essential={"code"})
    assert found.changing == ("code", "name")
    assert found.fields["mail"] == "b@example.com"


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
