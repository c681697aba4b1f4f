"""Roles, and what they allow."""

import pytest

from ocim.core.access import EVERYTHING, FLEET, Access, Grant, Right, Role


def access(*grants: Grant) -> Access:
    return Access(frozenset(grants))


@pytest.mark.parametrize(
    "role, allowed",
    [
        (Role.VIEWER, {"view"}),
        (Role.OPERATOR, {"view", "operate"}),
        (Role.RELEASER, {"view", "operate", "release"}),
        (Role.ADMIN, {"view", "operate", "release", "configure", "see secrets", "administer"}),
    ],
)
def test_a_role_includes_those_before_it(role: Role, allowed: set[str]) -> None:
    assert access(Grant(role)).rights("Campus") == allowed


def test_nobody_may_do_anything_without_a_role() -> None:
    assert not any(access().may(right, "Campus") for right in Right)
    assert access().organizations(Right.VIEW) == frozenset()


def test_a_role_for_an_organization_allows_nothing_elsewhere() -> None:
    campus = access(Grant(Role.ADMIN, "Campus"))
    assert campus.may(Right.OPERATE, "Campus")
    assert not campus.may(Right.VIEW, "campus")
    assert not campus.may(Right.VIEW, FLEET)


def test_roles_add_up() -> None:
    both = access(Grant(Role.VIEWER), Grant(Role.RELEASER, "Campus"))
    assert both.may(Right.RELEASE, "Campus")
    assert both.may(Right.VIEW, "Another")
    assert not both.may(Right.RELEASE, "Another")


def test_the_organizations_of_a_right_are_those_of_the_roles_that_allow_it() -> None:
    two = access(Grant(Role.VIEWER, "A"), Grant(Role.OPERATOR, "B"))
    assert two.organizations(Right.VIEW) == frozenset({"A", "B"})
    assert two.organizations(Right.OPERATE) == frozenset({"B"})


def test_a_role_for_the_fleet_holds_for_all_organizations() -> None:
    assert EVERYTHING.organizations(Right.ADMINISTER) is None


@pytest.mark.parametrize(
    "grant, limit, both",
    [
        (Grant(Role.ADMIN), Grant(Role.VIEWER), Grant(Role.VIEWER)),
        (Grant(Role.VIEWER), Grant(Role.ADMIN), Grant(Role.VIEWER)),
        (Grant(Role.ADMIN), Grant(Role.OPERATOR, "A"), Grant(Role.OPERATOR, "A")),
        (Grant(Role.OPERATOR, "A"), Grant(Role.ADMIN), Grant(Role.OPERATOR, "A")),
        (Grant(Role.RELEASER, "A"), Grant(Role.ADMIN, "A"), Grant(Role.RELEASER, "A")),
    ],
)
def test_a_limit_never_adds_anything(grant: Grant, limit: Grant, both: Grant) -> None:
    assert access(grant).limited(limit) == access(both)


def test_a_limit_to_another_organization_leaves_nothing() -> None:
    assert access(Grant(Role.ADMIN, "A")).limited(Grant(Role.ADMIN, "B")) == access()
