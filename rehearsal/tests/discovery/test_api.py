from typing import Any

import pytest
from django.test import Client

from rehearsal.discovery.catalogs.models import Catalog
from rehearsal.discovery.core.models import Partner, User
from rehearsal.discovery.course_metadata.models import CourseRun, Program, Seat
from tests.discovery.configuration import LMS
from tests.discovery.conftest import make_run, token

API = "/api/v1/"
RUN = "course-v1:ScienceX+Astro+2026"


def get(client: Client, path: str, **query: Any) -> Any:
    response = client.get(f"{API}{path}", query, headers={"Authorization": token()})
    assert response.status_code == 200, response.content
    return response.json()


@pytest.mark.parametrize(
    "path",
    ["courses/", "course_runs/", "organizations/", "programs/", "catalogs/", "search/all/"],
)
@pytest.mark.parametrize(
    "header",
    [None, "JWT nonsense", "JWT a.b.c", "Bearer {token}", "Basic YTpi"],
)
def test_only_a_token_of_the_lms_opens_it(
    path: str, header: str | None, client: Client, partner: Partner
) -> None:
    arguments = header and header.format(token=token().removeprefix("JWT "))
    headers = {"Authorization": arguments} if arguments else {}
    response = client.get(f"{API}{path}", headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("JWT")


def test_a_token_for_somebody_else_is_refused(client: Client, partner: Partner) -> None:
    for claims in ({"aud": "other"}, {"iss": "https://other/oauth2"}, {"exp": 1}):
        headers = {"Authorization": token(**claims)}
        assert client.get(f"{API}courses/", headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["courses", "course_runs", "organizations"])
def test_lists_come_in_pages_by_limit_and_offset(
    path: str, client: Client, partner: Partner
) -> None:
    for number in range(5):
        make_run(partner, f"Org{number}", "C")
    answer = get(client, f"{path}/", limit=2, offset=2)
    assert answer["count"] == 5
    assert len(answer["results"]) == 2
    assert "offset=4" in answer["next"]
    assert "limit=2" in answer["previous"]
    assert "Org2" in answer["results"][0]["key"]


def test_a_run_says_what_ecommerce_and_the_lms_ask(client: Client, runs: Partner) -> None:
    Seat.objects.create(
        course_run=CourseRun.objects.get(key=RUN), type="verified", price=10, sku="ABC"
    )
    run = get(client, f"course_runs/{RUN}/", partner="demo")
    assert run["key"] == RUN
    assert run["course"] == "ScienceX+Astro"
    assert run["marketing_url"] == f"{LMS}/courses/{RUN}/about"
    assert run["seats"][-1]["sku"] == "ABC"
    assert run["type"] == "verified"
    response = client.get(f"{API}course_runs/{RUN}x/", headers={"Authorization": token()})
    assert response.status_code == 404


def test_a_course_has_its_runs_and_owners(client: Client, runs: Partner) -> None:
    make_run(runs, "ScienceX", "Astro", run="2027", title="Astronomy")
    course = get(client, "courses/ScienceX+Astro/")
    assert [run["key"][-4:] for run in course["course_runs"]] == ["2026", "2027"]
    assert course["owners"][0]["key"] == "ScienceX"


def test_programs_have_their_courses(client: Client, runs: Partner) -> None:
    program = Program.objects.create(partner=runs, title="Sky", type="MicroMasters")
    program.courses.set(runs.courses.filter(key="ScienceX+Astro"))
    [result] = get(client, "programs/")["results"]
    assert result["courses"][0]["key"] == "ScienceX+Astro"
    assert get(client, f"programs/{program.uuid}/")["title"] == "Sky"


def test_another_partner_s_are_not_shown(client: Client, runs: Partner) -> None:
    other = Partner.objects.create(short_code="other", name="Other")
    make_run(other, "Elsewhere", "C")
    assert {run["key"] for run in get(client, "organizations/")["results"]} == {
        "Kitchen",
        "ScienceX",
    }


def test_lists_can_be_narrowed(client: Client, indexed: Partner) -> None:
    assert get(client, "course_runs/", keys=RUN)["count"] == 1
    assert get(client, "courses/", q="org:Kitchen AND title:bread")["count"] == 1


def test_a_catalog_holds_what_its_query_finds(client: Client, indexed: Partner) -> None:
    catalog = Catalog.objects.create(name="Science", query="org:ScienceX")
    assert get(client, "catalogs/")["results"][0]["query"] == "org:ScienceX"
    courses = get(client, f"catalogs/{catalog.pk}/courses/")
    assert [course["key"] for course in courses["results"]] == [
        "ScienceX+Astro",
        "ScienceX+Physics",
    ]
    bread = "course-v1:Kitchen+Bread+2026"
    held = get(client, f"catalogs/{catalog.pk}/contains/", course_run_id=f"{RUN},{bread}")
    assert held == {"courses": {RUN: True, bread: False}}
    held = get(client, f"catalogs/{catalog.pk}/contains/", course_id="ScienceX+Astro")
    assert held == {"courses": {"ScienceX+Astro": True}}


def test_only_staff_make_catalogs(client: Client, partner: Partner) -> None:
    body = {"name": "All", "query": "*"}
    for administrator, status in ((False, 403), (True, 201)):
        response = client.post(
            f"{API}catalogs/",
            body,
            content_type="application/json",
            headers={"Authorization": token(administrator=administrator)},
        )
        assert response.status_code == status


def test_everything_can_be_searched(client: Client, indexed: Partner) -> None:
    answer = get(client, "search/all/", q="astronomy")
    assert {result["content_type"] for result in answer["results"]} == {"course", "courserun"}
    assert get(client, "search/courses/", q="astronomy")["count"] == 1
    assert get(client, "search/course_runs/", q=f'key:"{RUN}"')["results"][0]["key"] == RUN
    assert get(client, "search/course_runs/", q="title:Secret")["count"] == 0
    assert get(client, "search/all/", org="Kitchen", content_type="courserun")["count"] == 1


def test_results_of_a_search_come_in_pages(client: Client, indexed: Partner) -> None:
    first = get(client, "search/course_runs/", page_size=2)
    assert first["count"] == 3
    assert "page=2" in first["next"]
    second = get(client, "search/course_runs/", page_size=2, page=2)
    assert second["next"] is None
    assert [it["title"] for it in first["results"] + second["results"]] == [
        "Astronomy",
        "Baking bread",
        "Physics",
    ]
    response = client.get(
        f"{API}search/course_runs/", {"page": 3}, headers={"Authorization": token()}
    )
    assert response.status_code == 404


def test_facets_count_and_lead_further(client: Client, indexed: Partner) -> None:
    answer = get(client, "search/all/facets/", content_type="courserun")
    organizations = {it["text"]: it for it in answer["fields"]["organizations"]}
    assert organizations["ScienceX"]["count"] == 2
    narrow = organizations["ScienceX"]["narrow_url"].partition(API)[2]
    assert get(client, narrow)["objects"]["count"] == 2


def test_what_begins_so_is_suggested(client: Client, indexed: Partner) -> None:
    answer = get(client, "search/typeahead/", q="Astr")
    assert [run["key"] for run in answer["course_runs"]] == [RUN]
    assert answer["programs"] == []
    response = client.get(f"{API}search/typeahead/", headers={"Authorization": token()})
    assert response.status_code == 400
    assert "'q' querystring parameter is required" in response.json()["detail"]


def test_a_query_that_is_none_is_refused(client: Client, indexed: Partner) -> None:
    response = client.get(
        f"{API}search/all/", {"q": "(unclosed"}, headers={"Authorization": token()}
    )
    assert response.status_code == 400


def test_search_says_when_there_is_no_index(client: Client, runs: Partner, search: str) -> None:
    response = client.get(f"{API}search/all/", headers={"Authorization": token()})
    assert response.status_code == 503
    assert "update_index" in response.json()["detail"]


def test_health_looks_at_the_database_alone(client: Client, partner: Partner) -> None:
    response = client.get("/health/")
    assert response.status_code == 200
    assert response.json()["overall_status"] == "OK"


@pytest.mark.django_db
def test_a_site_without_partner_says_what_to_do(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 500
    assert "create_or_update_partner" in response.content.decode()


def test_the_admin_is_for_staff_and_no_endless_way(
    client: Client, partner: Partner, staff: User
) -> None:
    assert client.get("/admin/login/?next=/admin/").headers["Location"].startswith("/login?next")
    client.force_login(User.objects.create_user("lena"))
    assert client.get("/admin/", follow=True).status_code == 403
    staff.is_superuser = True
    staff.save()
    client.force_login(staff)
    for page in ("core/partner", "course_metadata/courserun", "catalogs/catalog"):
        assert client.get(f"/admin/{page}/").status_code == 200
        assert client.get(f"/admin/{page}/add/").status_code == 200
