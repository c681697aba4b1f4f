from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from rehearsal.edxapp.course_overviews.models import CourseOverview
from tests.configuration import API_KEY
from tests.conftest import jwt

URL = "/api/commerce/v1/courses/course-v1:edX+Demo+2026/"
SEAT = {
    "name": "verified",
    "currency": "GBP",
    "price": "10.00",
    "sku": "A1B2C3",
    "bulk_sku": None,
    "expires": "2030-01-01T00:00:00Z",
}
PUBLICATION = {
    "id": "course-v1:edX+Demo+2026",
    "name": "Demonstration",
    "verification_deadline": "2030-02-01T00:00:00Z",
    "modes": [{"name": "audit", "currency": "GBP", "price": 0, "sku": "D4"}, SEAT],
}


def put(client: Client, body: dict[str, Any], url: str = URL, **headers: str) -> Any:
    return client.put(
        url, body, content_type="application/json", headers=headers or {"X-Edx-Api-Key": API_KEY}
    )


@pytest.fixture
def shop(worker: User) -> User:
    """Create the worker with the permissions of the documented set-up."""
    names = [f"course_modes:coursemode:{verb}_coursemode" for verb in ("add", "change", "view")]
    call_command("manage_group", "ecommerce_service", permissions=names)
    call_command(
        "manage_user", worker.username, worker.email, staff=True, groups=["ecommerce_service"]
    )
    return worker


def test_the_shop_publishes_its_prices(client: Client, course: CourseOverview, shop: User) -> None:
    response = put(client, PUBLICATION, Authorization=jwt(shop))
    assert response.status_code == 200
    stored = client.get(URL, headers={"Authorization": jwt(shop)}).json()
    assert stored["verification_deadline"] == "2030-02-01T00:00:00Z"
    assert stored["modes"][1] == {**SEAT, "price": 10}


def test_modes_that_are_no_longer_sold_go(client: Client, course: CourseOverview) -> None:
    put(client, PUBLICATION)
    put(client, {**PUBLICATION, "modes": [SEAT]})
    assert [mode.mode_slug for mode in course.modes.all()] == ["verified"]


def test_being_staff_is_not_enough(client: Client, course: CourseOverview, worker: User) -> None:
    assert put(client, PUBLICATION, Authorization=jwt(worker)).status_code == 403


def test_an_anonymous_call_is_refused(client: Client, course: CourseOverview) -> None:
    assert put(client, PUBLICATION, **{"X-Edx-Api-Key": "guessed"}).status_code == 401


@pytest.mark.django_db
def test_a_course_that_does_not_exist_is_the_first_value_of_the_answer(client: Client) -> None:
    response = put(client, PUBLICATION)
    assert response.status_code == 400
    assert "does not exist" in next(iter(response.json().values()))[0]


@pytest.mark.parametrize(
    "modes",
    [
        None,
        ["verified"],
        [{"price": 1}],
        [SEAT, SEAT],
        [{**SEAT, "price": "dear"}],
        [{**SEAT, "price": -1}],
        [{**SEAT, "price": "Infinity"}],
        [{**SEAT, "expires": "soon"}],
    ],
)
def test_modes_that_make_no_sense_change_nothing(
    modes: Any, client: Client, course: CourseOverview
) -> None:
    put(client, PUBLICATION)
    assert put(client, {**PUBLICATION, "modes": modes}).status_code == 400
    assert course.modes.count() == 2


def test_what_is_no_json_is_refused(client: Client, course: CourseOverview) -> None:
    response = client.put(
        URL, "{", content_type="application/json", headers={"X-Edx-Api-Key": API_KEY}
    )
    assert response.status_code == 400
