import pytest

from ocim.core.access import Grant, Role
from ocim.core.single_sign_on import grants_for, read_rules

TEXT = "cn=ops;dc=example=admin, staff=viewer,campus=operator@Campus,campus-leads=releaser@Campus"


def test_rules_are_read_as_they_are_written() -> None:
    assert [str(rule) for rule in read_rules(TEXT)] == [word.strip() for word in TEXT.split(",")]


@pytest.mark.parametrize("text", ["staff", "=admin", "staff=king", "staff=admin@", "staff="])
def test_a_rule_that_gives_no_role_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="is no rule"):
        read_rules(text)


def test_each_organization_has_the_highest_role_of_all_values() -> None:
    rules = read_rules(TEXT)
    values = {"staff", "campus-leads", "campus", "unknown"}
    assert grants_for(values, rules) == {Grant(Role.VIEWER), Grant(Role.RELEASER, "Campus")}


def test_values_without_a_rule_give_no_role() -> None:
    assert grants_for({"Staff", "admin", "staff "}, read_rules(TEXT)) == set()
