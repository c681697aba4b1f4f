"""Admins of an organization: its people are theirs, the fleet's and others' are not."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ocim.core.access import FLEET, Role
from ocim.operations import people
from ocim.store.models import AuditEntry
from tests.web.conftest import signed_in

OWN = "ACME"
ACCOUNT = ("link", "sign-out", "reset-second-factor", "disable", "enable")
"""Changes of an account itself."""


@pytest.fixture
def ada(db: None) -> Client:
    """Return the browser of an admin of ACME."""
    return signed_in("ada", Role.ADMIN, OWN)


@pytest.fixture
def ben(db: None) -> User:
    """Return a person with a role in ACME alone."""
    return person("ben", OWN)


def person(name: str, *organizations: str, role: Role = Role.VIEWER) -> User:
    user = User.objects.create_user(name, f"{name}@example.com")
    for organization in organizations:
        user.role_grants.create(role=role, organization=organization)
    return user


def shared(kind: str) -> User:
    """Return a person with a role in ACME, and with another one."""
    if kind == "superuser":
        user = person("sue", OWN)
        user.is_superuser = True
        user.save()
        return user
    return person("sue", OWN, FLEET if kind == "fleet" else "Umbrella")


def act(client: Client, user: User, kind: str, **fields: str) -> int:
    return client.post(reverse("person-act", args=[user.pk, kind]), fields).status_code


def grants(user: User) -> list[str]:
    return sorted(str(row) for row in user.role_grants.all())


def test_an_admin_sees_the_people_of_their_organization_alone(ada: Client, ben: User) -> None:
    other = person("otto", "Umbrella")
    page = ada.get(reverse("people")).content.decode()
    assert "ben@example.com" in page
    assert "otto" not in page
    assert "Sign-in attempts" not in page
    assert ada.get(reverse("person", args=[other.pk])).status_code == 404
    assert ada.get(reverse("sign-ins")).status_code == 403


def test_an_admin_invites_people_who_set_their_password_by_a_link(ada: Client) -> None:
    form = {"name": "mia", "email": "mia@example.com", "role": "operator", "organization": OWN}
    page = ada.post(reverse("create-person"), form).content.decode()
    assert "/password/set/" in page
    mia = User.objects.get(username="mia")
    assert grants(mia) == ["operator of ACME"]
    assert not mia.has_usable_password()
    assert AuditEntry.objects.get(action="user.create").organization == OWN


@pytest.mark.parametrize("organization", ["", " ", "Umbrella", "acme"])
def test_no_one_is_invited_to_what_is_anothers(ada: Client, organization: str) -> None:
    form = {"name": "mia", "role": "viewer", "organization": organization}
    assert ada.post(reverse("create-person"), form).status_code == 403
    assert not User.objects.filter(username="mia").exists()


def test_an_account_of_somebody_else_is_not_taken_by_its_name(ada: Client) -> None:
    otto = person("otto", "Umbrella")
    form = {"name": "otto", "role": "viewer", "organization": OWN}
    page = ada.post(reverse("create-person"), form).content.decode()
    assert "/password/set/" not in page
    assert grants(otto) == ["viewer of Umbrella"]


def test_roles_of_the_own_organization_are_given_and_taken(ada: Client, ben: User) -> None:
    assert act(ada, ben, "grant", role="releaser", organization=OWN) == 302
    assert grants(ben) == ["releaser of ACME"]
    assert act(ada, ben, "revoke", organization=OWN) == 302
    assert grants(ben) == []


@pytest.mark.parametrize("organization", ["", "Umbrella"])
def test_no_other_role_is_given_or_taken(ada: Client, organization: str) -> None:
    sue = person("sue", OWN, organization)
    before = grants(sue)
    assert act(ada, sue, "grant", role="admin", organization=organization) == 403
    assert act(ada, sue, "revoke", organization=organization) == 403
    assert grants(sue) == before


@pytest.mark.parametrize("kind", ["fleet", "superuser", "another organization"])
def test_an_account_with_other_roles_is_not_changed_itself(ada: Client, kind: str) -> None:
    sue = shared(kind)
    sue.set_password("correct horse battery")
    sue.save()
    password = User.objects.get(pk=sue.pk).password
    for change in ACCOUNT:
        assert act(ada, sue, change) == 403, change
    sue.refresh_from_db()
    assert (sue.is_active, sue.password) == (True, password)
    page = ada.get(reverse("person", args=[sue.pk])).content.decode()
    assert "viewer" in page
    for secret in ("sue@example.com", "Umbrella", "whole fleet</td>", "Make a link"):
        assert secret not in page
    assert "sue@example.com" not in ada.get(reverse("people")).content.decode()


@pytest.mark.parametrize("kind", ["fleet", "superuser", "another organization"])
def test_their_role_in_the_own_organization_is_taken_all_the_same(ada: Client, kind: str) -> None:
    sue = shared(kind)
    assert act(ada, sue, "revoke", organization=OWN) == 302
    assert "viewer of ACME" not in grants(sue)
    assert User.objects.get(pk=sue.pk).is_superuser is (kind == "superuser")


@pytest.mark.parametrize("kind", ACCOUNT)
def test_an_account_of_another_organization_does_not_exist(ada: Client, kind: str) -> None:
    otto = person("otto", "Umbrella")
    assert act(ada, otto, kind) == 404
    assert act(ada, otto, "grant", role="viewer", organization=OWN) == 404
    assert grants(otto) == ["viewer of Umbrella"]


def test_an_account_of_the_own_organization_is_disabled(ada: Client, ben: User) -> None:
    assert act(ada, ben, "disable") == 302
    assert not User.objects.get(pk=ben.pk).is_active


def test_a_link_ends_when_the_account_gets_other_roles(ada: Client, ben: User) -> None:
    page = ada.post(reverse("person-act", args=[ben.pk, "link"])).content.decode()
    link = re.search(r"/password/set/\S+?/\S+?/", page)
    assert link
    people.grant(user=ben, role=Role.ADMIN)
    answer = Client().get(link[0], follow=True)
    assert "new_password1" not in answer.content.decode()


def test_an_admin_of_an_organization_has_no_say_without_the_role(ben: User) -> None:
    for role in (Role.VIEWER, Role.OPERATOR, Role.RELEASER):
        client = signed_in(role.value, role, OWN)
        assert client.get(reverse("people")).status_code == 403
        assert act(client, ben, "grant", role="admin", organization=OWN) == 403
