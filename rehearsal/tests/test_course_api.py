from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from rehearsal.edxapp.course_overviews.models import CourseOverview
from tests.conftest import jwt

URL = "/api/courses/v1/courses/"


def test_a_course_has_what_discovery_requires(client: Client, course: CourseOverview) -> None:
    [result] = client.get(URL).json()["results"]
    assert result["id"] == "course-v1:edX+Demo+2026"
    required = {"start", "end", "enrollment_start", "enrollment_end", "name", "short_description"}
    assert required <= result.keys()
    assert result["media"]["image"]["raw"].endswith(".svg")
    assert result["media"]["course_video"] == {"uri": None}


def test_drafts_are_not_listed(client: Client, course: CourseOverview) -> None:
    course.published = False
    course.save()
    assert client.get(URL).json()["results"] == []


@pytest.mark.django_db
def test_pages_are_counted(client: Client) -> None:
    for number in range(5):
        CourseOverview.objects.create(
            org="edX", number=f"C{number}", run="r", display_name="C", published=True
        )
    answer = client.get(URL, {"page": 2, "page_size": 2}).json()
    assert [result["number"] for result in answer["results"]] == ["C2", "C3"]
    pagination = answer["pagination"]
    assert (pagination["count"], pagination["num_pages"]) == (5, 3)
    assert "page=3" in pagination["next"]
    assert "page=1" in pagination["previous"]


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["2", "0", "x"])
def test_there_is_nothing_past_the_last_page(page: str, client: Client) -> None:
    assert client.get(URL, {"page": page}).status_code == 404


def test_courses_that_have_ended_are_not_active(client: Client, course: CourseOverview) -> None:
    course.end = timezone.now() - timedelta(days=1)
    course.save()
    assert client.get(URL, {"active_only": "1"}).json()["results"] == []
    assert len(client.get(URL).json()["results"]) == 1


def test_discoverys_own_call_is_answered(
    client: Client, course: CourseOverview, worker: User
) -> None:
    response = client.get(
        URL,
        {"page": "1", "page_size": "50", "username": "discovery_worker", "active_only": "1"},
        headers={"Authorization": jwt(worker)},
    )
    assert response.json()["pagination"]["count"] == 1


def test_only_staff_may_ask_what_others_see(client: Client, learner: User) -> None:
    response = client.get(URL, {"username": "somebody"}, headers={"Authorization": jwt(learner)})
    assert response.status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["JWT nonsense", "JWT a.b.c", "JWT "])
def test_a_bad_token_is_refused(token: str, client: Client) -> None:
    assert client.get(URL, headers={"Authorization": token}).status_code == 401


def test_a_token_of_a_user_who_is_gone_is_refused(client: Client, learner: User) -> None:
    header = jwt(learner)
    learner.delete()
    assert client.get(URL, headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize("key", ["course-v1:edX+Demo+2026", "course-v1%3AedX%2BDemo%2B2026"])
def test_a_single_course_is_found_by_its_key(
    key: str, client: Client, course: CourseOverview
) -> None:
    assert client.get(f"{URL}{key}").json()["name"] == "Demonstration"
    assert client.get(f"{URL}{key}x").status_code == 404
