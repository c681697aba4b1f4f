from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from rehearsal.edxapp.course_modes.models import CourseMode
from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.edxapp.student.models import CourseEnrollment
from tests.configuration import API_KEY
from tests.conftest import jwt

URL = "/api/enrollment/v1/enrollment"
KEY = "course-v1:edX+Demo+2026"
ORDER = {
    "user": "lena",
    "is_active": True,
    "mode": "verified",
    "course_details": {"course_id": KEY},
    "enrollment_attributes": [
        {"namespace": "order", "name": "order_number", "value": "EDX-100001"}
    ],
}


def send(client: Client, body: dict[str, Any], **headers: str) -> Any:
    return client.post(
        URL, body, content_type="application/json", headers=headers or {"X-Edx-Api-Key": API_KEY}
    )


@pytest.mark.usefixtures("verified")
def test_the_shop_enrols_whom_it_sold_to(client: Client, learner: User) -> None:
    response = send(client, ORDER)
    assert response.status_code == 200
    assert response.json()["mode"] == "verified"
    enrollment = CourseEnrollment.objects.get(user=learner, is_active=True)
    assert str(enrollment.attributes.get()) == "order:order_number=EDX-100001"


@pytest.mark.usefixtures("verified")
def test_the_shop_ends_what_it_refunded(client: Client, learner: User) -> None:
    send(client, ORDER)
    assert send(client, {**ORDER, "is_active": False}).status_code == 200
    assert not CourseEnrollment.objects.get(user=learner).is_active


@pytest.mark.parametrize("key", ["", "guessed"])
def test_a_wrong_key_opens_nothing(
    key: str, client: Client, learner: User, verified: CourseMode
) -> None:
    assert send(client, ORDER, **{"X-Edx-Api-Key": key}).status_code == 401


def test_without_a_configured_key_none_opens_anything(
    client: Client, learner: User, verified: CourseMode, settings: Settings
) -> None:
    settings.EDX_API_KEY = ""
    assert send(client, ORDER, **{"X-Edx-Api-Key": ""}).status_code == 401


@pytest.mark.usefixtures("learner", "verified")
@pytest.mark.parametrize(
    "changes, status, told",
    [
        ({"mode": "professional"}, 400, "no mode 'professional'"),
        ({"course_details": {"course_id": "course-v1:a+b+c"}}, 400, "No course"),
        ({"course_details": None}, 400, "No course"),
        ({"user": "nobody"}, 406, "nobody does not exist"),
        ({"enrollment_attributes": [{"name": "x"}]}, 400, "namespace"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    changes: dict[str, Any], status: int, told: str, client: Client
) -> None:
    response = send(client, {**ORDER, **changes})
    assert response.status_code == status
    assert told in response.json()["message"]


def test_a_course_without_modes_has_the_default_one(
    client: Client, learner: User, course: CourseOverview
) -> None:
    assert send(client, {**ORDER, "mode": None}).json()["mode"] == "audit"


@pytest.mark.usefixtures("verified")
def test_a_learner_does_not_get_for_nothing_what_is_sold(client: Client, learner: User) -> None:
    header = {"Authorization": jwt(learner)}
    assert send(client, ORDER, **header).status_code == 403
    assert send(client, {**ORDER, "mode": "audit"}, **header).status_code == 200


@pytest.mark.usefixtures("verified")
def test_nobody_enrols_others(client: Client, learner: User, worker: User) -> None:
    assert send(client, ORDER, Authorization=jwt(worker)).status_code == 404


@pytest.mark.usefixtures("verified")
def test_enrolments_can_be_read_back(client: Client, learner: User) -> None:
    send(client, ORDER)
    headers = {"X-Edx-Api-Key": API_KEY}
    assert client.get(f"{URL}/lena,{KEY}", headers=headers).json()["mode"] == "verified"
    assert client.get(f"{URL}/lena,{KEY}x", headers=headers).json() is None
    [listed] = client.get(URL, {"user": "lena"}, headers=headers).json()
    assert listed["course_details"]["course_id"] == KEY


@pytest.mark.usefixtures("verified")
def test_it_refuses_when_that_is_rehearsed(
    client: Client, learner: User, settings: Settings
) -> None:
    settings.REHEARSAL_FAULTS = ["refuse-enrollment"]
    assert send(client, ORDER).status_code == 400
    assert not CourseEnrollment.objects.exists()
