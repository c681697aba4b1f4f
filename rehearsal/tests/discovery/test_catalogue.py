from django.test import Client
from pytest_django import Settings

from rehearsal.discovery.core.models import Partner
from rehearsal.discovery.course_metadata.models import CourseRun, Seat
from rehearsal.discovery.course_metadata.search_indexes.connection import search_server
from tests.discovery.configuration import LMS


def page(client: Client, **query: str) -> str:
    response = client.get("/", query)
    assert response.status_code == 200
    return response.content.decode()


def test_every_visible_run_has_a_card_that_leads_to_the_lms(client: Client, runs: Partner) -> None:
    Seat.objects.create(course_run=CourseRun.objects.all()[0], type="verified", price=10)
    shown = page(client)
    assert f'href="{LMS}/courses/course-v1:ScienceX+Astro+2026/about"' in shown
    assert "3 courses" in shown
    assert "Secret sauce" not in shown
    assert "10.00 USD" in shown


def test_cards_can_be_searched_and_narrowed(client: Client, indexed: Partner) -> None:
    assert "1 course for" in page(client, q="astronomy")
    assert "2 courses" in page(client, org="ScienceX")
    assert "No course is here" in page(client, q="astronomy", org="Kitchen")
    assert "does not understand this query" in page(client, q="(")


def test_it_is_there_when_the_search_is_not(
    client: Client, runs: Partner, search: str, settings: Settings
) -> None:
    search_server().close()
    search_server.cache_clear()
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:1/"
    shown = page(client, q="astronomy")
    assert "not available just now" in shown
    assert "3 courses" in shown
