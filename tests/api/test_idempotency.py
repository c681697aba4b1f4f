from datetime import timedelta

import pytest

from ocim.core.access import Role
from ocim.core.errors import Conflict, TransientError
from ocim.operations import idempotency, instances
from ocim.store.models import KeptAnswer, OpenEdXInstance
from tests.api.client import Api, account

NEW = {"internal_lms_domain": "campus.localhost"}


@pytest.fixture(autouse=True)
def servers(demo: OpenEdXInstance) -> None:
    """Create an instance, and the servers that instances share."""


def test_a_request_that_is_sent_twice_is_carried_out_once(admin: Api) -> None:
    first = admin.post("/instances", NEW, idempotency_key="k1")
    again = admin.post("/instances", NEW, idempotency_key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    assert OpenEdXInstance.objects.count() == 2


def test_a_problem_is_repeated_as_a_problem(admin: Api) -> None:
    for _ in range(2):
        answer = admin.post("/instances", {"name": "no domain"}, idempotency_key="k1")
        assert answer.status_code == 422
        assert answer["Content-Type"] == "application/problem+json"


def test_a_key_belongs_to_one_request(admin: Api) -> None:
    admin.post("/instances", NEW, idempotency_key="k1")
    answer = admin.post("/instances", {**NEW, "name": "Other"}, idempotency_key="k1")
    assert answer.status_code == 422
    assert "was used for another request" in answer.json()["detail"]


def test_a_key_belongs_to_one_account(admin: Api) -> None:
    admin.post("/instances", NEW, idempotency_key="k1")
    other = account("other", Role.ADMIN).post("/instances", NEW, idempotency_key="k1")
    assert other.status_code == 422
    assert "campus.localhost is a name of" in other.json()["detail"]


def test_a_request_under_way_is_not_begun_again(
    admin: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []
    create = instances.create

    def slowly(**fields: object) -> object:
        answers.append(admin.post("/instances", NEW, idempotency_key="k1"))
        return create(**fields)  # type: ignore[arg-type]

    monkeypatch.setattr(instances, "create", slowly)
    assert admin.post("/instances", NEW, idempotency_key="k1").status_code == 201
    [meanwhile] = answers
    assert meanwhile.status_code == 409


def test_what_failed_for_a_passing_reason_may_be_tried_again(
    admin: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise TransientError("Not now.")

    with monkeypatch.context() as patch:
        patch.setattr(instances, "create", fail)
        assert admin.post("/instances", NEW, idempotency_key="k1").status_code == 503
    assert admin.post("/instances", NEW, idempotency_key="k1").status_code == 201


def test_a_conflict_is_kept(admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise Conflict("No.")

    with monkeypatch.context() as patch:
        patch.setattr(instances, "create", refuse)
        admin.post("/instances", NEW, idempotency_key="k1")
    assert admin.post("/instances", NEW, idempotency_key="k1").status_code == 409


def test_answers_are_forgotten_after_a_day(admin: Api) -> None:
    admin.post("/instances", NEW, idempotency_key="k1")
    for kept in KeptAnswer.objects.all():
        kept.created_at -= idempotency.LIFETIME + timedelta(seconds=1)
        kept.save()
    admin.post("/instances", NEW, idempotency_key="k2")
    assert [kept.key for kept in KeptAnswer.objects.all()] == ["k2"]


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_a_key_is_a_short_line_of_text(admin: Api, key: str) -> None:
    assert admin.post("/instances", NEW, idempotency_key=key).status_code == 422
