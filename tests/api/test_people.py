from typing import Any

import pytest
from django.contrib.auth.models import User

from ocim.core.access import Role
from ocim.operations import tokens
from ocim.operations.logs import say
from ocim.store.models import ApiToken, Job, RoleGrant, SearchServer
from ocim.wiring import context
from tests.api.client import Api, account


def test_an_account_is_made_changed_and_removed(admin: Api) -> None:
    new = {"name": "mira", "role": "operator", "organization": "Campus"}
    made = admin.post("/users", new)
    assert (made.status_code, made.json()["roles"]) == (201, ["operator of Campus"])
    again = admin.put("/users/mira/role", {"role": "viewer", "organization": "Campus"})
    assert again.json()["roles"] == ["viewer of Campus"]
    assert admin.delete("/users/mira/role?organization=Campus").status_code == 204
    assert admin.put("/users/mira", {"enabled": False}).json()["enabled"] is False
    assert admin.delete("/users/mira").status_code == 204
    assert admin.get("/users/mira").status_code == 404


def test_a_weak_password_is_a_fault(admin: Api) -> None:
    answer = admin.post("/users", {"name": "mira", "password": "short"})
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"#/password"}
    assert not User.objects.filter(username="mira").exists()


def test_the_last_administrator_stays(admin: Api) -> None:
    assert admin.delete("/users/admin").status_code == 409


def test_a_token_is_shown_once_and_revoked(viewer: Api) -> None:
    made = viewer.post("/tokens", {"name": "ci", "role": "viewer"})
    assert made.status_code == 201
    text = made.json()["token"]
    bearer = f"Bearer {text}"
    assert Api().get("/instances", authorization=bearer).status_code == 200
    assert text not in viewer.get("/tokens").content.decode()
    assert viewer.delete(f"/tokens/{made.json()['id']}").status_code == 204
    assert Api().get("/instances", authorization=bearer).status_code == 401


def test_a_limited_token_makes_no_wider_one(db: None) -> None:
    user = User.objects.create_user("mira")
    RoleGrant.objects.create(user=user, role=Role.ADMIN)
    _, text = tokens.create(owner=user, name="ci", role=Role.VIEWER, context=context())
    bearer = f"Bearer {text.reveal()}"
    wider = {"name": "all", "role": "admin"}
    assert Api().post("/tokens", wider, authorization=bearer).status_code == 403
    assert ApiToken.objects.count() == 1


def test_ones_own_tokens_are_listed_and_an_administrator_sees_all(admin: Api, viewer: Api) -> None:
    other = account("other", Role.VIEWER)
    token: Any = other.post("/tokens", {"name": "ci", "role": "viewer"}).json()
    assert viewer.get("/tokens").json()["results"] == []
    assert viewer.delete(f"/tokens/{token['id']}").status_code == 404
    assert [row["owner"] for row in admin.get("/tokens").json()["results"]] == ["other"]


@pytest.fixture
def ada(db: None) -> Api:
    """Return the requests of an admin of ACME."""
    return account("ada", Role.ADMIN, "ACME")


def test_an_organizations_admin_manages_its_people(ada: Api) -> None:
    account("otto", Role.VIEWER, "Umbrella")
    new = {"name": "mia", "email": "mia@example.com", "role": "viewer", "organization": "ACME"}
    assert ada.post("/users", new).status_code == 201
    assert ada.post("/users", {**new, "role": "admin", "organization": ""}).status_code == 403
    assert ada.post("/users", {"name": "x", "organization": "ACME"}).status_code == 422
    assert [row["name"] for row in ada.get("/users").json()["results"]] == ["ada", "mia"]
    assert ada.get("/users/otto").status_code == 404
    role = {"role": "operator", "organization": "ACME"}
    assert ada.put("/users/mia/role", role).json()["roles"] == ["operator of ACME"]
    assert ada.put("/users/mia/role", {**role, "organization": "Umbrella"}).status_code == 403
    assert ada.put("/users/mia/role", {"role": "viewer"}).status_code == 403
    assert ada.delete("/users/mia").status_code == 204


def test_an_account_with_other_roles_is_left_to_the_fleets_admins(ada: Api) -> None:
    sue = User.objects.create_user("sue", "sue@example.com")
    for organization in ("ACME", "Umbrella"):
        RoleGrant.objects.create(user=sue, role=Role.VIEWER, organization=organization)
    expected = {"name": "sue", "email": "", "roles": ["viewer of ACME"], "enabled": True}
    assert ada.get("/users/sue").json() == expected
    assert ada.put("/users/sue", {"enabled": False}).status_code == 403
    assert ada.delete("/users/sue").status_code == 403
    assert ada.delete("/users/sue/role").status_code == 403
    assert ada.delete("/users/sue/role?organization=Umbrella").status_code == 403
    assert ada.delete("/users/sue/role?organization=ACME").status_code == 204
    assert ada.get("/users/sue").status_code == 404
    assert User.objects.get(pk=sue.pk).is_active


def test_tokens_of_accounts_with_other_roles_stay_hidden(ada: Api) -> None:
    mia, sue = account("mia", Role.VIEWER, "ACME"), account("sue", Role.VIEWER, "ACME")
    RoleGrant.objects.create(user=User.objects.get(username="sue"), role=Role.VIEWER)
    new = {"name": "ci", "role": "viewer", "organization": "ACME"}
    own, other = mia.post("/tokens", new).json(), sue.post("/tokens", new).json()
    assert [row["owner"] for row in ada.get("/tokens").json()["results"]] == ["mia"]
    assert ada.delete(f"/tokens/{other['id']}").status_code == 404
    assert ada.delete(f"/tokens/{own['id']}").status_code == 204


def test_a_token_that_is_limited_to_another_organization_administers_nobody_here(ada: Api) -> None:
    fleet = User.objects.create_user("chief")
    RoleGrant.objects.create(user=fleet, role=Role.ADMIN)
    _, text = tokens.create(
        owner=fleet, name="ci", role=Role.ADMIN, organization="Umbrella", context=context()
    )
    bearer = f"Bearer {text.reveal()}"
    assert Api().get("/users/ada", authorization=bearer).status_code == 404
    assert Api().get("/users", authorization=bearer).json()["results"] == []


def test_a_shared_server_is_created_by_a_job(admin: Api) -> None:
    answer = admin.post("/servers/search", {"name": "main"})
    assert answer.status_code == 202
    assert admin.get(answer["Location"]).json()["instance"] is None
    [row] = admin.get("/servers/search").json()
    assert (row["name"], row["accepts_new"], row["instances"]) == ("main", False, 0)
    say(Job.objects.get(), "Asking local for a host.", context=context())
    [line] = admin.get("/servers/search/main/log").json()["results"]
    assert line["text"] == "Asking local for a host."
    assert admin.post("/servers/search/main/cancel").json()["cancel_requested"] is True
    assert SearchServer.objects.get().name == "main"


@pytest.mark.parametrize(
    "kind, body, pointer",
    [
        ("search", {"name": "main", "kind": "redis"}, "#/kind"),
        ("database", {"name": "main", "colour": "red"}, "#/colour"),
    ],
)
def test_a_setting_of_another_kind_of_server_is_a_fault(
    admin: Api, kind: str, body: dict[str, str], pointer: str
) -> None:
    answer = admin.post(f"/servers/{kind}", body)
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {pointer}


def test_what_is_no_server_is_not_found(admin: Api) -> None:
    assert admin.get("/servers/broker/main").status_code == 404
    assert admin.get("/servers/blog").status_code == 404
    assert admin.delete("/servers/database/main").status_code == 404
