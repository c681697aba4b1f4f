"""People's accounts, their roles and their tokens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessFailureLog, AccessLog
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ocim.core.access import EVERYTHING, FLEET, Access, Grant, Right, Role
from ocim.core.errors import Conflict, ValidationError
from ocim.core.secrets import Secret
from ocim.operations import people, sessions, tokens
from ocim.operations.access import access_of
from ocim.store.models import ApiToken
from tests.world import World

PASSWORD = Secret("correct horse battery")


def person(name: str = "mira", role: Role | None = None, organization: str = FLEET) -> User:
    return people.create(name=name, password=PASSWORD, role=role, organization=organization)


def access(name: str = "mira") -> Access:
    return access_of(User.objects.get(username=name))


def only(*grants: Grant) -> Access:
    return Access(frozenset(grants))


@pytest.fixture
def admin(db: None) -> User:
    return person("admin", Role.ADMIN)


def test_a_new_account_has_the_role_and_the_password(db: None) -> None:
    user = person(role=Role.OPERATOR, organization="Campus")
    assert access() == only(Grant(Role.OPERATOR, "Campus"))
    assert user.check_password(PASSWORD.reveal())


def test_nobody_signs_in_to_an_account_without_a_password(db: None) -> None:
    assert not people.create(name="mira", password=None).has_usable_password()


def test_all_faults_of_an_account_are_told_at_once(db: None) -> None:
    person()
    with pytest.raises(ValidationError) as error:
        people.create(
            name="mira", email="mira", password=Secret("mira"), role=Role.VIEWER, organization=" x"
        )
    named = {fault.partition(":")[0] for fault in error.value.faults}
    assert named == {"username", "email", "password", "organization"}
    assert User.objects.count() == 1


def test_a_password_is_in_no_fault(db: None) -> None:
    with pytest.raises(ValidationError) as error:
        people.create(name="mira", password=Secret("zebra"))
    assert "zebra" not in str(error.value)


def test_a_granted_role_replaces_the_one_for_the_same_organization(admin: User) -> None:
    user = person(role=Role.VIEWER)
    for role in (Role.OPERATOR, Role.RELEASER):
        people.grant(user=user, role=role, organization="Campus")
    assert access() == only(Grant(Role.VIEWER), Grant(Role.RELEASER, "Campus"))


def test_a_revoked_role_is_gone_and_the_others_stay(admin: User) -> None:
    user = person(role=Role.VIEWER)
    people.grant(user=user, role=Role.OPERATOR, organization="Campus")
    people.revoke(user=user, organization="Campus")
    assert access() == only(Grant(Role.VIEWER))


def test_a_role_that_nobody_granted_is_not_revoked(admin: User) -> None:
    with pytest.raises(Conflict, match="mira has no role for Campus"):
        people.revoke(user=person(), organization="Campus")


def test_superusers_are_admins_of_the_fleet_until_they_get_another_role(admin: User) -> None:
    root = User.objects.create_superuser("root")
    assert access("root") == EVERYTHING
    people.grant(user=root, role=Role.VIEWER)
    assert access("root") == only(Grant(Role.VIEWER))


@pytest.mark.parametrize(
    "change",
    [
        lambda user: people.grant(user=user, role=Role.VIEWER),
        lambda user: people.revoke(user=user),
        lambda user: people.set_active(user=user, active=False),
        lambda user: people.remove(user=user),
    ],
    ids=["grant", "revoke", "disable", "remove"],
)
def test_the_last_administrator_of_the_fleet_stays(
    db: None, change: Callable[[User], None]
) -> None:
    root = User.objects.create_superuser("root")
    person(role=Role.ADMIN, organization="Campus")
    with pytest.raises(Conflict, match="root is the only administrator"):
        change(root)
    assert access("root") == EVERYTHING
    person("second", Role.ADMIN)
    change(User.objects.get(username="root"))


def test_a_disabled_account_may_do_nothing_until_it_is_enabled(admin: User) -> None:
    user = person(role=Role.VIEWER)
    people.set_active(user=user, active=False)
    assert access() == only()
    people.set_active(user=user, active=True)
    assert access() == only(Grant(Role.VIEWER))


def test_strangers_may_do_nothing(db: None) -> None:
    assert access_of(AnonymousUser()) == only()


def test_an_account_that_does_not_exist_is_named(db: None) -> None:
    with pytest.raises(Conflict, match="No account 'mira'"):
        people.find("mira")


def token(world: World, owner: User, **fields: Any) -> str:
    arguments = {"name": "ci", "role": Role.OPERATOR, **fields}
    _, text = tokens.create(owner=owner, context=world.context(), **arguments)
    return text.reveal()


def test_a_token_gives_its_role_to_its_owner(world: World, admin: User) -> None:
    text = token(world, admin, organization="Campus")
    assert tokens.check(text, context=world.context()) == (
        admin,
        only(Grant(Role.OPERATOR, "Campus")),
    )


def test_a_token_loses_what_its_owner_loses(world: World, admin: User) -> None:
    user = person(role=Role.OPERATOR)
    text = token(world, user)
    people.grant(user=user, role=Role.VIEWER)
    assert tokens.check(text, context=world.context())[1] == only(Grant(Role.VIEWER))
    people.revoke(user=user)
    assert tokens.check(text, context=world.context())[1] == only()


def test_a_token_of_a_person_of_several_organizations_may_hold_for_all(world: World) -> None:
    user = person(role=Role.RELEASER, organization="A")
    people.grant(user=user, role=Role.VIEWER, organization="B")
    _, rights = tokens.check(token(world, user), context=world.context())
    assert rights == only(Grant(Role.OPERATOR, "A"), Grant(Role.VIEWER, "B"))


@pytest.mark.parametrize(
    "fields, fault",
    [
        ({"role": Role.ADMIN}, "role: mira is not admin of the whole fleet"),
        ({"organization": "B"}, "role: mira is not operator of B"),
        ({"days": 0}, "days: 0 is not between 1 and 366"),
        ({"days": 367}, "days: 367 is not between 1 and 366"),
        ({"name": ""}, "name: "),
        ({"name": "old"}, "name: mira has a token 'old' already"),
    ],
)
def test_an_impossible_token_is_not_created(
    world: World, fields: dict[str, Any], fault: str
) -> None:
    user = person(role=Role.OPERATOR, organization="A")
    token(world, user, name="old")
    with pytest.raises(ValidationError) as error:
        token(world, user, **fields)
    [text] = error.value.faults
    assert text.startswith(fault)
    assert ApiToken.objects.count() == 1


def test_an_unknown_text_is_no_token(world: World) -> None:
    with pytest.raises(tokens.InvalidToken, match="unknown or revoked"):
        tokens.check("ocim_" + "x" * 43, context=world.context())


def test_a_revoked_token_is_rejected(world: World, admin: User) -> None:
    text = token(world, admin)
    tokens.revoke(owner=admin, name="ci")
    with pytest.raises(tokens.InvalidToken):
        tokens.check(text, context=world.context())
    with pytest.raises(Conflict, match="admin has no token 'ci'"):
        tokens.revoke(owner=admin, name="ci")


def test_a_token_of_a_disabled_account_is_rejected(world: World, admin: User) -> None:
    user = person(role=Role.OPERATOR)
    text = token(world, user)
    people.set_active(user=user, active=False)
    with pytest.raises(tokens.InvalidToken):
        tokens.check(text, context=world.context())


def test_an_expired_token_is_rejected_and_says_when(world: World, admin: User) -> None:
    text = token(world, admin, days=1)
    world.clock.forward(24 * 3600)
    with pytest.raises(tokens.InvalidToken, match="The token ci expired on"):
        tokens.check(text, context=world.context())


def test_no_column_has_the_token(world: World, admin: User) -> None:
    text = token(world, admin)
    [row] = ApiToken.objects.values()
    assert text not in str(row)
    assert text.removeprefix(tokens.PREFIX) not in str(row)


def test_a_check_takes_two_queries_and_notes_its_use_once_a_minute(
    world: World, admin: User
) -> None:
    text = token(world, admin)
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            tokens.check(text, context=world.context())
        counts.append(len(queries))
        if len(counts) == 2:
            world.clock.forward(60)
    assert counts == [3, 2, 3]
    assert ApiToken.objects.get().last_used_at == world.clock()


def test_a_token_never_gives_a_right_that_its_role_lacks(world: World, admin: User) -> None:
    _, rights = tokens.check(token(world, admin, role=Role.VIEWER), context=world.context())
    assert rights.rights("Campus") == {Right.VIEW}


def test_attempts_to_sign_in_are_forgotten_after_a_time(world: World) -> None:
    for log in (AccessLog, AccessFailureLog):
        for days in (89, 91):
            row = log.objects.create(username=f"{days} days ago")
            then = world.context().now() - timedelta(days=days)
            log.objects.filter(pk=row.pk).update(attempt_time=then)
    sessions.forget_attempts(context=world.context())
    for log in (AccessLog, AccessFailureLog):
        assert [row.username for row in log.objects.all()] == ["89 days ago"]
