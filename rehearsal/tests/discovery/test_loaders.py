import logging
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pytest_django import Settings

from rehearsal.common.releases import parse
from rehearsal.discovery.core.models import Partner
from rehearsal.discovery.course_metadata.loaders.courses import CoursesLoader
from rehearsal.discovery.course_metadata.loaders.ecommerce import price_of
from rehearsal.discovery.course_metadata.models import CourseRun
from tests.discovery.conftest import make_run

COURSE: dict[str, Any] = {
    "id": "course-v1:edX+Demo+2026",
    "name": "Demonstration",
    "short_description": None,
    "start": "2026-01-01T00:00:00Z",
    "end": None,
    "enrollment_start": None,
    "enrollment_end": None,
    "media": {"image": {"raw": "https://lms/i.svg"}, "course_video": {"uri": None}},
    "pacing": "self",
}


class Scripted(CoursesLoader):
    """A loader of which the LMS's answers are given."""

    pages: list[dict[str, Any]]

    def username(self) -> str:
        return "discovery_worker"

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        assert (path, query["username"]) == ("courses/", "discovery_worker")
        page: dict[str, Any] = self.pages[query["page"] - 1]
        return page

    def put(self, key: str) -> None:
        pass


def ingest(partner: Partner, *pages: list[dict[str, Any]]) -> None:
    loader = Scripted(partner)
    pagination = {"num_pages": len(pages), "count": sum(map(len, pages))}
    loader.pages = [{"results": page, "pagination": pagination} for page in pages]
    loader.ingest()
    loader.session.close()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Return the loaders' log, which otherwise goes to the console only."""
    logger = logging.getLogger("rehearsal")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_all_pages_are_read(partner: Partner) -> None:
    ingest(partner, [COURSE], [{**COURSE, "id": "course-v1:edX+Demo+2027"}])
    assert CourseRun.objects.count() == 2
    assert partner.courses.get().key == "edX+Demo"
    assert partner.organizations.get().key == "edX"
    run = CourseRun.objects.get(key=COURSE["id"])
    assert (run.title, run.pacing_type, run.hidden) == ("Demonstration", "self_paced", False)


@pytest.mark.parametrize(
    "change",
    [{"id": "nonsense"}, {"media": {}}, {"start": "soon"}, {"name": None}, {"media": None}],
)
def test_a_bad_course_is_logged_and_passed_over(
    change: dict[str, Any], partner: Partner, log: pytest.LogCaptureFixture
) -> None:
    bad = {**COURSE, "id": "course-v1:edX+Bad+2026", **change}
    ingest(partner, [bad, COURSE])
    assert [run.key for run in CourseRun.objects.all()] == [COURSE["id"]]
    assert f"updating {bad['id']}" in log.text


def test_a_course_that_the_lms_has_no_more_stays(partner: Partner) -> None:
    make_run(partner, "edX", "Gone")
    ingest(partner, [COURSE])
    assert CourseRun.objects.count() == 2


def test_an_lms_that_cannot_be_reached_ends_the_loader(partner: Partner) -> None:
    partner.courses_api_url = "http://127.0.0.1:1/"

    class Unreachable(Scripted):
        get = CoursesLoader.get

    loader = Unreachable(partner)
    loader.session.auth = None
    with pytest.raises(requests.ConnectionError):
        loader.ingest()
    loader.session.close()


OLD, NEW = {"price_excl_tax": "1.00"}, {"price": "1.00"}


@pytest.mark.parametrize(
    "release, stock, readable",
    [
        *(("juniper.2", OLD, True), ("sumac.3", OLD, True), ("sumac.3", NEW, False)),
        *(("redwood.2", OLD, True), ("redwood.2", NEW, False)),
        *(("redwood.3", OLD, False), ("redwood.3", NEW, True)),
        *(("teak.1", OLD, False), ("teak.1", NEW, True), ("teak.1", OLD | NEW, True)),
        *(("master", OLD, True), ("master", NEW, True)),
    ],
)
def test_each_release_reads_the_price_by_its_own_names(
    release: str, stock: dict[str, str], readable: bool, settings: Settings
) -> None:
    settings.RELEASE = parse(release)
    if readable:
        assert price_of(stock) == "1.00"
    else:
        with pytest.raises(KeyError):
            price_of(stock)
