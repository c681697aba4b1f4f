import pytest
from django.contrib.auth.models import User
from django.test import Client

from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.edxapp.organizations.models import Organization

pytestmark = pytest.mark.urls("rehearsal.cms.urls")
KEY = "course-v1:edX+Demo+2026"
NEW = {"display_name": "Demonstration", "org": "edX", "number": "Demo", "run": "2026"}


@pytest.fixture
def author(client: Client, worker: User) -> Client:
    client.force_login(worker)
    return client


def test_a_new_course_is_a_draft_of_an_organization(author: Client) -> None:
    response = author.post("/", NEW)
    assert response.headers["Location"] == f"/course/{KEY}"
    assert not CourseOverview.objects.get(pk=KEY).published
    assert Organization.objects.filter(short_name="edX").exists()


@pytest.mark.parametrize("changes", [{"org": "no spaces"}, {"run": "a+b"}, {"number": ""}])
def test_a_key_that_makes_no_sense_is_refused(changes: dict[str, str], author: Client) -> None:
    assert author.post("/", {**NEW, **changes}).status_code == 200
    assert not CourseOverview.objects.exists()


def test_a_key_is_used_once(author: Client, course: CourseOverview) -> None:
    page = author.post("/", {**NEW, "display_name": "Another"}).content.decode()
    assert "There is a course of this organization, number and run." in page
    assert CourseOverview.objects.get().display_name == "Demonstration"


def test_an_author_changes_and_publishes(author: Client, course: CourseOverview) -> None:
    CourseOverview.objects.update(published=False)
    author.post(f"/course/{KEY}", {"display_name": "New name", "start": "2027-01-01T08:00"})
    author.post(f"/course/{KEY}/publish")
    course.refresh_from_db()
    assert (course.display_name, course.published) == ("New name", True)
    page = author.get(f"/course/{KEY}").content.decode()
    assert 'value="2027-01-01T08:00"' in page
    assert f"https://lms.example.com/courses/{KEY}/about" in page


def test_an_author_deletes(author: Client, course: CourseOverview) -> None:
    author.post(f"/course/{KEY}/delete")
    assert not CourseOverview.objects.exists()


def test_learners_are_turned_away(client: Client, learner: User) -> None:
    client.force_login(learner)
    response = client.get("/")
    assert response.status_code == 403
    assert "This page is for staff" in response.content.decode()


@pytest.mark.django_db
def test_visitors_are_asked_to_sign_in(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/login?next=/"


@pytest.mark.django_db
def test_studio_has_a_heartbeat(client: Client) -> None:
    assert client.get("/heartbeat").status_code == 200
