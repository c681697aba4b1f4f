"""Help of an administrator for a person who cannot sign in."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ocim.core.access import Role
from ocim.store.models import AuditEntry, SecondFactor
from tests.api.client import Api, account

PASSWORD = "a long sentence about bees"


@pytest.fixture
def mira(db: None) -> Api:
    return account("mira", Role.VIEWER)


def test_another_password_ends_the_sessions_of_the_old_one(admin: Api, mira: Api) -> None:
    assert mira.get("/instances").status_code == 200
    assert admin.put("/users/mira/password", {"password": PASSWORD}).status_code == 204
    assert User.objects.get(username="mira").check_password(PASSWORD)
    assert mira.get("/instances").status_code == 401
    assert PASSWORD not in str(AuditEntry.objects.values())


def test_a_weak_password_is_a_fault_and_changes_nothing(admin: Api, mira: Api) -> None:
    answer = admin.put("/users/mira/password", {"password": "short"})
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"#/password"}
    assert mira.get("/instances").status_code == 200


def test_a_lost_second_factor_is_removed(admin: Api, mira: Api) -> None:
    user = User.objects.get(username="mira")
    SecondFactor.objects.create(user=user, secret="A" * 32, confirmed_at=timezone.now())
    assert admin.delete("/users/mira/second-factor").status_code == 204
    assert not SecondFactor.objects.exists()
    assert admin.delete("/users/mira/second-factor").status_code == 409


def test_an_account_is_linked_to_a_person_at_the_provider(
    admin: Api, mira: Api, settings: Any
) -> None:
    wanted = {"subject": "248289761001"}
    assert admin.put("/users/mira/identity", wanted).status_code == 409
    settings.OCIM = replace(settings.OCIM, oidc_issuer="https://id.example.com")
    assert admin.put("/users/mira/identity", wanted).status_code == 204
    user = User.objects.get(username="mira")
    assert str(user.external_identity) == "248289761001 at https://id.example.com"
    assert admin.put("/users/mira/identity", wanted).status_code == 409


@pytest.mark.parametrize("elsewhere", [True, False])
def test_an_organizations_admin_helps_those_alone_who_have_no_role_elsewhere(
    db: None, elsewhere: bool
) -> None:
    admin = account("admin", Role.ADMIN, "ACME")
    account("ada", Role.VIEWER, "ACME")
    ada = User.objects.get(username="ada")
    SecondFactor.objects.create(user=ada, secret="A" * 32, confirmed_at=timezone.now())
    if elsewhere:
        ada.role_grants.create(role=Role.VIEWER, organization="Other")
    status = 403 if elsewhere else 204
    assert admin.put("/users/ada/password", {"password": PASSWORD}).status_code == status
    assert admin.delete("/users/ada/second-factor").status_code == status
    assert admin.put("/users/ada/identity", {"subject": "1"}).status_code == 403
