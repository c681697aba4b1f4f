import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.contrib.sites.models import Site
from django.core.management import call_command
from pytest_django import Settings

from rehearsal.common import jwt
from rehearsal.discovery.core.models import Partner, User
from rehearsal.discovery.course_metadata.models import Course, CourseRun, Organization, Seat
from rehearsal.discovery.course_metadata.search_indexes.connection import search_server
from tests.configuration import signing_key
from tests.discovery.configuration import LMS
from tests.processes import gunicorn
from tests.search.conftest import PASSWORD
from tests.search.conftest import write as write_search


@pytest.fixture
def partner(db: None) -> Partner:
    site, _ = Site.objects.update_or_create(id=1, defaults={"domain": "testserver"})
    return Partner.objects.create(
        site=site,
        short_code="demo",
        name="Demo",
        lms_url=LMS,
        courses_api_url=f"{LMS}/api/courses/v1/",
        organizations_api_url=f"{LMS}/api/organizations/v0/",
    )


@pytest.fixture(scope="session")
def search_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with gunicorn(write_search(tmp_path_factory.mktemp("search")), "search") as result:
        yield result


@pytest.fixture
def search(search_address: str, settings: Settings) -> Iterator[str]:
    """Yield the name of this test's own indexes on a running search server."""
    host = search_address.partition("//")[2]
    settings.ELASTICSEARCH_URL = f"http://elastic:{PASSWORD.replace(' ', '%20')}@{host}/"
    settings.ELASTICSEARCH_INDEX_NAME = own = f"t{uuid4().hex[:8]}"
    names = settings.ELASTICSEARCH_INDEX_NAMES
    settings.ELASTICSEARCH_INDEX_NAMES = {kind: f"{own}_{kind}" for kind in names}
    search_server.cache_clear()
    yield settings.ELASTICSEARCH_INDEX_NAME
    search_server().close()
    search_server.cache_clear()


def make_run(
    partner: Partner,
    org: str,
    number: str,
    *,
    run: str = "2026",
    sold: bool = True,
    **fields: object,
) -> None:
    """Create a course run with its course and organization. It has a seat, if it is `sold`."""
    organization, _ = Organization.objects.get_or_create(partner=partner, key=org)
    title = str(fields.setdefault("title", f"{number} of {org}"))
    course, _ = Course.objects.get_or_create(
        partner=partner, key=f"{org}+{number}", defaults={"title": title}
    )
    course.authoring_organizations.add(organization)
    made = CourseRun.objects.create(course=course, key=f"course-v1:{org}+{number}+{run}", **fields)
    if sold:
        Seat.objects.create(course_run=made, type="audit")


@pytest.fixture
def runs(partner: Partner) -> Partner:
    make_run(partner, "ScienceX", "Astro", title="Astronomy", short_description="Stars")
    make_run(partner, "ScienceX", "Physics", title="Physics")
    make_run(partner, "Kitchen", "Bread", title="Baking bread", short_description="Flour, water")
    make_run(partner, "Kitchen", "Secret", title="Secret sauce", hidden=True)
    return partner


@pytest.fixture
def indexed(runs: Partner, search: str) -> Partner:
    call_command("install_es_indexes")
    call_command("update_index", disable_change_limit=True)
    return runs


def token(username: str = "lena", **claims: object) -> str:
    """Return the value of the Authorization header of a user of the LMS."""
    now = int(time.time())
    output = {
        "iss": f"{LMS}/oauth2",
        "aud": "lms-key",
        "exp": now + 60,
        "preferred_username": username,
        "email": f"{username}@example.com",
        "administrator": False,
        **claims,
    }
    return f"JWT {jwt.sign(output, key=signing_key(), algorithm='RS512')}"


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("stella", "stella@example.com", is_staff=True)
