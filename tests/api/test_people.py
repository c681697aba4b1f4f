from typing import Any

import pytest
from django.contrib.auth.models import User

from ocim.core.access import Role
from ocim.operations import tokens
from ocim.store.models import ApiToken, RoleGrant, SearchServer
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


def test_a_shared_server_is_created_by_a_job(admin: Api) -> None:
    answer = admin.post("/servers/search", {"name": "main"})
    assert answer.status_code == 202
    assert admin.get(answer["Location"]).json()["instance"] is None
    [row] = admin.get("/servers/search").json()
    assert (row["name"], row["accepts_new"], row["instances"]) == ("main", False, 0)
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
