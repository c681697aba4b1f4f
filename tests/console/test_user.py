"""`ocim user` and `ocim token`."""

import io
import sys

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ocim import wiring
from ocim.core.access import Grant, Role
from ocim.operations import tokens
from ocim.store.models import AuditEntry, Session
from tests.console.conftest import Installation, Ran

PASSWORD = "correct horse battery"


@pytest.fixture
def mira(ocim: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return an installation with the operator Mira."""
    User.objects.create_superuser("admin")
    monkeypatch.setenv("OCIM_USER_PASSWORD", PASSWORD)
    ran = ocim("user", "create", "mira", "--role", "operator", "--organization", "Campus")
    assert ran.out.splitlines() == [
        "Created mira: operator of Campus.",
        "No instance has the organization 'Campus' yet.",
    ]
    return ocim


def roles(ocim: Installation) -> list[str]:
    shown: list[str] = ocim("user", "show", "mira", "--json").json["roles"]
    return shown


def test_a_password_comes_by_standard_input(
    ocim: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    ran = ocim("user", "create", "mira", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert ran.json["roles"] == []
    assert User.objects.get(username="mira").check_password(PASSWORD)


def test_a_weak_password_creates_nothing(
    ocim: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIM_USER_PASSWORD", "zebra")
    ran = ocim("user", "create", "mira")
    assert ran.status == 1
    assert "at least 12 characters" in ran.err
    assert "zebra" not in ran.err
    assert not User.objects.exists()


def test_the_list_has_the_roles(mira: Installation) -> None:
    assert [row[:4] for row in mira("user", "list").rows] == [
        ["admin", "", "admin of the whole fleet", "yes"],
        ["mira", "", "operator of Campus", "yes"],
    ]


def test_roles_are_granted_and_revoked(mira: Installation) -> None:
    assert mira("user", "grant", "mira", "viewer").status == 0
    assert roles(mira) == ["operator of Campus", "viewer of the whole fleet"]
    ran = mira("user", "revoke", "mira", "--organization", "Campus")
    assert ran.out == "mira is viewer of the whole fleet.\n"


def test_an_empty_organization_does_not_mean_the_whole_fleet(mira: Installation) -> None:
    assert mira("user", "grant", "mira", "admin", "--organization", "").status == 1
    assert roles(mira) == ["operator of Campus"]


def test_an_account_is_disabled_and_enabled(mira: Installation) -> None:
    mira("user", "disable", "mira")
    assert not User.objects.get(username="mira").is_active
    mira("user", "enable", "mira")
    assert User.objects.get(username="mira").is_active


def test_another_password_ends_sessions_and_is_recorded(
    mira: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User.objects.get(username="mira")
    client = Client()
    client.force_login(user)
    monkeypatch.setenv("OCIM_USER_PASSWORD", "a longer and a better one")
    ran = mira("changepassword", "mira")
    assert ran.out == "mira has another password, and is signed out everywhere.\n"
    user.refresh_from_db()
    assert user.check_password("a longer and a better one")
    assert not Session.objects.filter(user=user).exists()
    assert AuditEntry.objects.filter(action="user.change-password", actor_kind="command").exists()


def test_a_weak_password_changes_nothing(
    mira: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIM_USER_PASSWORD", "zebra")
    assert mira("changepassword", "mira").status == 1
    assert User.objects.get(username="mira").check_password(PASSWORD)


def test_an_account_is_removed_after_a_confirmation(mira: Installation) -> None:
    assert mira("user", "remove", "mira").status == 1
    assert mira("user", "remove", "mira", "--yes").out == "Removed mira.\n"
    assert not User.objects.filter(username="mira").exists()


def created(ocim: Installation, *words: str) -> Ran:
    ran = ocim("token", "create", "mira", "ci", "--organization", "Campus", *words)
    assert (ran.status, ran.err) == (0, "")
    return ran


def test_a_new_token_is_printed_once_and_works(mira: Installation) -> None:
    text = created(mira).out.split()[-1]
    owner, access = tokens.check(text, context=wiring.context())
    assert owner.username == "mira"
    assert access.grants == {Grant(Role.VIEWER, "Campus")}
    assert text not in mira("token", "list", "--json").out


def test_scripts_get_the_token_as_json(mira: Installation) -> None:
    token = created(mira, "--role", "operator", "--json").json
    assert token["token"].startswith("ocim_")
    assert (token["role"], token["organization"]) == ("operator", "Campus")


def test_the_list_of_tokens_can_be_of_one_person(mira: Installation) -> None:
    created(mira)
    assert [row[:4] for row in mira("token", "list", "mira").rows] == [
        ["mira", "ci", "viewer", "Campus"]
    ]
    assert mira("token", "list", "admin").rows == []


def test_a_revoked_token_is_listed_no_more(mira: Installation) -> None:
    created(mira)
    assert mira("token", "revoke", "mira", "ci").out == "Revoked ci.\n"
    assert mira("token", "list").rows == []
    assert mira("token", "revoke", "mira", "ci").status == 1
