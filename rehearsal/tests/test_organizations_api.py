from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from rehearsal.edxapp.organizations.models import Organization
from tests.conftest import jwt

URL = "/api/organizations/v0/organizations/"
BODY = {"name": "The X", "short_name": "edX", "description": "Of courses"}


def put(client: Client, user: User, body: dict[str, Any]) -> Any:
    return client.put(
        f"{URL}edX/",
        body,
        content_type="application/json",
        headers={"Authorization": jwt(user)},
    )


def test_discovery_puts_an_organization_as_often_as_it_likes(client: Client, worker: User) -> None:
    assert put(client, worker, BODY).status_code == 201
    assert put(client, worker, {**BODY, "name": "The new X"}).status_code == 200
    assert Organization.objects.get().name == "The new X"


def test_learners_put_none(client: Client, learner: User) -> None:
    assert put(client, learner, BODY).status_code == 403


def test_the_key_and_the_short_name_agree(client: Client, worker: User) -> None:
    assert put(client, worker, {**BODY, "short_name": "other"}).status_code == 400


def test_the_discovery_of_ironwood_pages_through_the_list(client: Client, worker: User) -> None:
    for name in ("a", "b", "c"):
        Organization.objects.create(name=name.upper(), short_name=name)
    header = {"Authorization": jwt(worker)}
    answer = client.get(URL, {"page": 1, "page_size": 2}, headers=header).json()
    assert answer["count"] == 3
    assert (
        answer["results"][0].items()
        >= {
            "short_name": "a",
            "name": "A",
            "description": "",
            "logo": None,
        }.items()
    )
    assert "page=2" in answer["next"]


@pytest.mark.django_db
def test_the_list_is_not_for_everyone(client: Client) -> None:
    assert client.get(URL).status_code == 401


def test_one_can_be_read(client: Client, learner: User) -> None:
    Organization.objects.create(name="The X", short_name="edX")
    header = {"Authorization": jwt(learner)}
    assert client.get(f"{URL}edX/", headers=header).json()["name"] == "The X"
    assert client.get(f"{URL}other/", headers=header).status_code == 404
