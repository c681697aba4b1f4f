"""The accounts of people who sign in at a provider."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from ocim.core.access import Grant, Role
from ocim.core.errors import Conflict, ValidationError
from ocim.core.secrets import Secret
from ocim.core.single_sign_on import Identity, read_rules
from ocim.operations import people
from ocim.operations.access import grants_of
from ocim.operations.single_sign_on import account_for, link
from ocim.store.models import AuditEntry, ExternalIdentity, Session
from tests.web.conftest import signed_in

RULES = read_rules("ops=admin,staff=viewer,campus=operator@Campus")
ISSUER = "https://id.example.com"
MIRA = Identity(ISSUER, "1234", "mira", "mira@example.com", frozenset({"staff"}))
pytestmark = pytest.mark.django_db


def sign_in(identity: Identity = MIRA, *values: str) -> User:
    if values:
        identity = replace(identity, values=frozenset(values))
    return account_for(identity=identity, rules=RULES)


def test_who_is_new_gets_an_account_without_a_password() -> None:
    user = sign_in()
    assert (user.username, user.email) == ("mira", "mira@example.com")
    assert not user.has_usable_password()
    assert grants_of(user) == {Grant(Role.VIEWER)}
    assert AuditEntry.objects.filter(action="role.grant", actor_name="mira").exists()


def test_the_same_subject_has_the_same_account_whatever_its_name() -> None:
    first = sign_in()
    assert sign_in(replace(MIRA, name="mira-lopez")) == first
    assert User.objects.count() == 1


def test_roles_follow_the_provider_at_each_sign_in() -> None:
    user = sign_in(MIRA, "staff", "campus")
    sign_in(MIRA, "campus", "ops")
    user.refresh_from_db()
    assert grants_of(user) == {Grant(Role.ADMIN), Grant(Role.OPERATOR, "Campus")}
    people.create(name="root", password=None, role=Role.ADMIN)
    sign_in(MIRA, "campus")
    assert grants_of(User.objects.get(pk=user.pk)) == {Grant(Role.OPERATOR, "Campus")}


def test_who_has_no_role_gets_no_account() -> None:
    with pytest.raises(Conflict, match="gives you no role here"):
        sign_in(MIRA, "visitors")
    assert not User.objects.exists()


def test_who_lost_all_roles_is_signed_out_and_loses_them_here() -> None:
    user = sign_in()
    browser = signed_in("other")
    Session.objects.update(user=user)
    with pytest.raises(Conflict, match="gives you no role here"):
        sign_in(MIRA, "visitors")
    assert grants_of(User.objects.get(pk=user.pk)) == set()
    assert not Session.objects.exists()
    assert browser.get("/account/").status_code == 302


def test_a_name_of_a_local_account_does_not_take_it_over() -> None:
    local = User.objects.create_superuser("Mira", "mira@example.com", "secret")
    with pytest.raises(Conflict, match="exists already, and is not linked"):
        sign_in()
    assert not ExternalIdentity.objects.exists()
    assert User.objects.get() == local


def test_a_mail_address_of_a_local_account_does_not_take_it_over() -> None:
    local = User.objects.create_superuser("admin", "mira@example.com", "secret")
    user = sign_in()
    assert user != local
    assert not user.is_superuser


def test_the_same_subject_at_another_provider_is_somebody_else() -> None:
    first = sign_in()
    second = sign_in(replace(MIRA, issuer="https://id.example.net", name="other"))
    assert first != second


def test_a_disabled_account_stays_out() -> None:
    people.set_active(user=sign_in(), active=False)
    with pytest.raises(Conflict, match="The account mira is disabled"):
        sign_in()


def test_an_administrator_links_an_account_that_exists() -> None:
    local = people.create(name="mira", password=Secret("correct horse battery"))
    link(user=local, issuer=ISSUER, subject="1234")
    assert sign_in() == local
    [entry] = AuditEntry.objects.filter(action="user.link")
    assert entry.after == {"subject": "1234", "issuer": ISSUER}


def test_an_account_has_one_identity_and_an_identity_one_account() -> None:
    mira, eve = (people.create(name=name, password=None) for name in ("mira", "eve"))
    link(user=mira, issuer=ISSUER, subject="1234")
    with pytest.raises(Conflict, match="is linked to the account mira already"):
        link(user=eve, issuer=ISSUER, subject="1234")
    with pytest.raises(Conflict, match="The account mira is linked to 1234"):
        link(user=mira, issuer=ISSUER, subject="5678")


def test_the_last_administrator_keeps_the_role_and_is_not_signed_in() -> None:
    user = sign_in(MIRA, "ops")
    with pytest.raises(Conflict, match="only administrator of the whole fleet"):
        sign_in(MIRA, "staff")
    assert grants_of(User.objects.get(pk=user.pk)) == {Grant(Role.ADMIN)}


@pytest.mark.parametrize("name", ["", "two words", "x" * 151])
def test_a_name_that_no_account_may_have_is_rejected(name: str) -> None:
    with pytest.raises(ValidationError, match="username"):
        sign_in(replace(MIRA, name=name))
    assert not User.objects.exists()
