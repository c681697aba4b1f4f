from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError

from ocim.store import selectors
from ocim.store.models import OpenEdXInstance
from tests.api.client import Api, account


def test_a_stranger_is_told_how_to_say_who_asks(db: None) -> None:
    answer = Api().get("/instances")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["title"] == "Unauthorized"


def test_an_account_without_a_role_is_refused(db: None) -> None:
    answer = account("nobody").get("/instances")
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert "lacks the right to view" in answer.json()["detail"]


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/nothing", 404),
        ("GET", "/instances/999", 404),
        ("GET", "/instances/", 404),
        ("GET", f"/instances/{'1' * 26}", 404),
        ("DELETE", "/instances", 405),
        ("OPTIONS", "/instances", 405),
    ],
)
def test_what_there_is_not_is_a_problem(viewer: Api, method: str, path: str, status: int) -> None:
    answer = viewer.send(method, path)
    assert answer.status_code == status
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    "body, text",
    [
        ("{", "JSON parse error"),
        ('{"name": "\\u0000"}', "#/name has a character that is not text"),
        ('{"name": "\\ud800"}', "#/name has a character that is not text"),
        ('{"name": ' + "[" * 50 + "]" * 50 + "}", "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
        ('{"name": NaN}', "JSON parse error"),
    ],
    ids=["broken", "NUL", "surrogate", "deep", "very deep", "NaN"],
)
def test_a_body_that_cannot_be_read_is_refused(admin: Api, body: str, text: str) -> None:
    answer = admin.post("/instances", body)
    assert answer.status_code == 400
    assert text in answer.json()["detail"]


@pytest.mark.parametrize("body", ["[]", '"text"', "5", "null"])
def test_a_body_that_is_no_object_is_a_fault(admin: Api, demo: OpenEdXInstance, body: str) -> None:
    assert admin.post("/instances", body).status_code == 422
    assert admin.post(f"/instances/{demo.pk}/appservers", body).status_code == 422


def test_another_type_of_body_is_refused(admin: Api) -> None:
    answer = admin.client.post("/api/v1/instances", {"name": "x"})
    assert answer.status_code == 415


def test_a_database_that_does_not_answer_is_a_passing_problem(
    viewer: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise OperationalError("secret details")

    monkeypatch.setattr(selectors, "instances", fail)
    answer = viewer.get("/instances")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize("error, status", [(DataError, 422), (IntegrityError, 409)])
def test_what_only_the_database_refuses_is_no_fault_of_the_code(
    viewer: Api, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int
) -> None:
    def fail(**_: Any) -> None:
        raise error("secret details")

    monkeypatch.setattr(selectors, "instances", fail)
    answer = viewer.get("/instances")
    assert answer.status_code == status
    assert "secret" not in answer.content.decode()


def test_too_many_requests_are_refused_for_a_while(
    viewer: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rest_framework.throttling import UserRateThrottle  # noqa: PLC0415 - once it is configured

    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "2/min"})
    assert [viewer.get("/jobs").status_code for _ in range(3)] == [200, 200, 429]
    assert int(viewer.get("/jobs")["Retry-After"]) > 0
