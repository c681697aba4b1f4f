from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ocim.core.access import FLEET, Role
from ocim.operations import tokens
from ocim.store.models import ApiToken, OpenEdXInstance, RoleGrant
from ocim.wiring import context
from tests.api.client import Api


@pytest.fixture
def mira(db: None) -> User:
    user = User.objects.create_user("mira")
    RoleGrant.objects.create(user=user, role=Role.OPERATOR, organization=FLEET)
    return user


def token(owner: User, role: Role = Role.OPERATOR) -> str:
    _, text = tokens.create(owner=owner, name=str(role), role=role, context=context())
    return f"Bearer {text.reveal()}"


def test_a_token_says_who_asks_without_a_session(mira: User, demo: OpenEdXInstance) -> None:
    answer = Api().post(f"/instances/{demo.pk}/appservers", authorization=token(mira))
    assert answer.status_code == 202


def test_a_token_allows_no_more_than_its_role(mira: User, demo: OpenEdXInstance) -> None:
    text = token(mira, Role.VIEWER)
    assert Api().get("/instances", authorization=text).status_code == 200
    where = f"/instances/{demo.pk}/appservers"
    assert Api().post(where, authorization=text).status_code == 403


@pytest.mark.parametrize("text", ["Bearer", "Bearer ", "Bearer ocim_wrong", "bearer x y"])
def test_a_wrong_token_is_refused(mira: User, text: str) -> None:
    answer = Api(mira).get("/instances", authorization=text)
    assert answer.status_code == 401
    assert "ocim token create" in answer.json()["detail"]


def test_a_token_expires(mira: User) -> None:
    text = token(mira)
    for row in ApiToken.objects.all():
        ApiToken.objects.filter(pk=row.pk).update(expires_at=row.created + timedelta(seconds=0))
    answer = Api().get("/instances", authorization=text)
    assert answer.status_code == 401
    assert "expired on" in answer.json()["detail"]


def test_a_session_needs_a_csrf_token(mira: User, demo: OpenEdXInstance) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(mira)
    answer = client.post(f"/api/v1/instances/{demo.pk}/appservers", content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]
