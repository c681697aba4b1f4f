"""Discovery between an LMS and a search server, all of them real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from elasticsearch import Elasticsearch

from tests.discovery import stub_shop
from tests.discovery.world import TIMEOUT, World, running_world
from tests.processes import manage
from tests.search.conftest import PASSWORD

RUN = "course-v1:edX+Demo+2026"


@pytest.fixture(scope="module")
def one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run the services for all tests but the last. Each test has courses of its own."""
    with running_world(tmp_path_factory.mktemp("world"), release="open-release/sumac.1") as result:
        yield result


@pytest.fixture
def world(one_world: World) -> World:
    one_world.set_partner()
    one_world.shop.clear()
    return one_world


def counted(world: World, alias: str) -> int:
    with Elasticsearch(world.search, http_auth=("elastic", PASSWORD), timeout=TIMEOUT) as client:
        return int(client.count(index=alias)["count"])


def test_courses_come_from_the_lms_into_the_catalogue(world: World) -> None:
    world.make_course("edX", "Demo", "Demonstration")
    world.make_course("MIT", "Second", "Another")
    world.command("install_es_indexes")
    key = "course-v1:MIT+Second+2026"
    world.shop.courses = [
        stub_shop.course(RUN, ("audit", "0.00", "A")), stub_shop.course(key, ("audit", "0.00", "B"))
    ]  # fmt: skip
    world.set_partner(**{"ecommerce-api-url": f"{world.shop.address}/api/v2/"})
    world.command("refresh_course_metadata")
    runs = world.runs()
    assert runs >= 2
    assert counted(world, "course_run") == 0
    assert "Sanity check" in world.fails("update_index")
    world.command("update_index", "--disable-change-limit")
    sold = world.shell(SOLD)
    assert counted(world, "course_run") == int(sold)
    world.command("update_index")

    # The LMS was told of the organizations, and whoever signs in there is signed in here.
    output = world.lms_shell(
        "from rehearsal.edxapp.organizations.models import Organization as O\n"
        "print(*O.objects.values_list('short_name', flat=True))"
    )
    assert {"MIT", "edX"} <= set(output.split())
    with world.signed_in() as browser:
        page = browser.get(world.discovery, timeout=TIMEOUT).text
        assert "<span>lena</span>" in page
        assert f'href="{world.lms}/courses/{RUN}/about"' in page
        about = browser.get(f"{world.lms}/courses/{RUN}/about", timeout=TIMEOUT)
        assert "Demonstration" in about.text
        result = browser.get(f"{world.discovery}/api/v1/search/all/?q=demonst*", timeout=TIMEOUT)
        assert result.json()["count"] == 2
    token = requests.post(
        f"{world.lms}/oauth2/access_token",
        {
            "grant_type": "client_credentials",
            "token_type": "jwt",
            "client_id": "backend-key",
            "client_secret": "a secret of discovery's, well over 32 bytes long",
        },
        timeout=TIMEOUT,
    ).json()["access_token"]
    for scheme, status in (("JWT", 200), ("Bearer", 401)):
        answer = requests.get(
            f"{world.discovery}/api/v1/course_runs/{RUN}/",
            headers={"Authorization": f"{scheme} {token}"},
            timeout=TIMEOUT,
        )
        assert answer.status_code == status


def test_what_the_shop_sells_is_shown(world: World) -> None:
    world.make_course("Shop", "Demo", "For sale")
    key = "course-v1:Shop+Demo+2026"
    world.shop.courses = [
        stub_shop.course(key, ("verified", "10.00", "AAA"), ("audit", "0.00", "BBB")),
        stub_shop.course("course-v1:no+such+course", ("audit", "0", "CCC")),
    ]
    world.shop.codes = [stub_shop.code(key, "verified", "BULK")]
    world.set_partner(**{"ecommerce-api-url": f"{world.shop.address}/api/v2/"})
    world.command("refresh_course_metadata")
    assert world.shell(SEATS).split() == ["audit:0.00:BBB:", "verified:10.00:AAA:BULK"]
    path, query, authorization = world.shop.asked[0]
    assert path == "/api/v2/courses/"
    assert query["include_products"] == ["True"]
    assert authorization.startswith("JWT ")

    # A seat that is not sold any more goes; a shop that loses a course fails the command.
    world.shop.courses = [stub_shop.course(key, ("verified", "12.00", "AAA"))]
    world.command("refresh_course_metadata")
    assert world.shell(SEATS).split() == ["verified:12.00:AAA:BULK"]
    world.shop.missing = 1
    assert "EcommerceLoader of demo" in world.fails("refresh_course_metadata")


SOLD = """
from rehearsal.discovery.course_metadata.models import CourseRun
print(CourseRun.objects.filter(seats__isnull=False).distinct().count())
"""
SEATS = """
from rehearsal.discovery.course_metadata.models import Seat
for it in Seat.objects.filter(course_run__key__contains="Shop").order_by("type"):
    print(f"{it.type}:{it.price}:{it.sku}:{it.bulk_sku}")
"""


def test_status_0_does_not_say_that_anything_was_found(world: World) -> None:
    world.command("refresh_course_metadata")
    before = world.runs()
    world.make_course("Empty", "Demo", "Of no URL")
    world.set_partner(**{"courses-api-url": ""})
    world.command("refresh_course_metadata")
    assert world.runs() == before
    # Without its slash the organizations' URL leads nowhere, and only the log tells.
    slashless = f"{world.lms}/api/organizations/v0"
    world.set_partner(**{"organizations-api-url": slashless})
    world.command("refresh_course_metadata")
    assert world.runs() == before + 1


def test_a_wrong_secret_fails_the_command(world: World, tmp_path: Path) -> None:
    text = world.discovery_file.read_text().replace("a secret of discovery's", "another secret")
    wrong = tmp_path / "discovery.yml"
    wrong.write_text(text)
    result = manage(wrong, "discovery", "refresh_course_metadata")
    assert result.returncode != 0
    assert "CoursesLoader of demo" in result.stderr


def test_ironwood_has_one_client_and_reads_the_organizations(tmp_path: Path) -> None:
    with running_world(tmp_path, release="opencraft-release/ironwood.2") as world:
        world.make_course("edX", "Demo", "Demonstration")
        world.command("refresh_course_metadata")
        world.command("install_es_indexes")
        world.command("update_index", "--disable-change-limit")
        assert counted(world, "catalog") == 2
        name = world.shell(
            "from rehearsal.discovery.course_metadata.models import Organization as O\n"
            "print(O.objects.get().name)"
        )
        assert name.strip() == "The edX"
        with world.signed_in() as browser:
            assert "<span>lena</span>" in browser.get(world.discovery, timeout=TIMEOUT).text
