from typing import Any

import pytest

from ocim.core.access import Role
from ocim.core.jobs import ArchiveJob
from ocim.operations import instances
from ocim.operations.jobs import payload_of
from ocim.store.models import Job, OpenEdXInstance
from ocim.wiring import context
from tests.api.client import Api, account
from tests.web.fleet import make_appserver, make_instance


def pointers(answer: Any) -> set[str]:
    return {fault.get("pointer") for fault in answer.json()["errors"]}


def settings_of(instance: OpenEdXInstance, **changes: Any) -> None:
    instances.change(instance_id=instance.pk, changes=changes, context=context())


def test_the_list_has_what_the_command_lists(viewer: Api, demo: OpenEdXInstance) -> None:
    make_appserver(demo, is_active=True)
    assert viewer.get("/instances").json() == {
        "next": None,
        "previous": None,
        "results": [
            {
                "id": demo.pk,
                "name": "Demo",
                "domain": "demo.localhost",
                "state": "on the web",
                "active": 1,
                "release": "open-release/juniper.2",
                "held": "",
                "organization": "",
            }
        ],
    }


def test_pages_lead_through_the_whole_list_and_back(viewer: Api) -> None:
    for number in range(5):
        make_instance("Same", internal_lms_domain=f"n{number}.localhost")
    first = viewer.get("/instances?limit=2").json()
    second = viewer.get(first["next"].removeprefix("http://testserver")).json()
    third = viewer.get(second["next"].removeprefix("http://testserver")).json()
    names = [row["domain"] for page in (first, second, third) for row in page["results"]]
    assert names == [f"n{number}.localhost" for number in range(5)]
    assert third["next"] is None
    back = viewer.get(third["previous"].removeprefix("http://testserver")).json()
    assert back["results"] == second["results"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=ten", "state=lost", "held=maybe"])
def test_a_wrong_parameter_is_a_fault(viewer: Api, demo: OpenEdXInstance, query: str) -> None:
    answer = viewer.get(f"/instances?{query}")
    assert answer.status_code == 422
    assert pointers(answer) == {f"#/{query.partition('=')[0]}"}


@pytest.mark.parametrize("query", ["after=x", "before=1", "nam=x", "after=1.%00"])
def test_a_place_or_filter_that_is_none_is_a_fault(viewer: Api, query: str) -> None:
    assert viewer.get(f"/instances?{query}").status_code == 422


def test_the_list_has_the_filters_of_the_fleets_page(viewer: Api, demo: OpenEdXInstance) -> None:
    make_instance("Other", organization="ACME")
    for query in ("q=acme", "organization=ACME", "sort=-name&limit=1", "tag=&q=other"):
        [row] = viewer.get(f"/instances?{query}").json()["results"]
        assert row["name"] == "Other"
    assert viewer.get("/instances?held=yes").json()["results"] == []


def test_an_instance_is_created_with_defaults(admin: Api, demo: OpenEdXInstance) -> None:
    answer = admin.post("/instances", {"internal_lms_domain": "campus.localhost"})
    assert answer.status_code == 201
    made = answer.json()
    assert answer["Location"] == f"/api/v1/instances/{made['id']}"
    assert answer["ETag"] == admin.get(answer["Location"])["ETag"]
    assert (made["name"], made["state"]) == ("campus.localhost", "down")


def test_all_faults_of_a_new_instance_are_told_at_once(admin: Api, demo: OpenEdXInstance) -> None:
    wrong = {
        "internal_lms_domain": "not a domain",
        "name": 5,
        "openedx_appserver_count": "two",
        "tags": ["fine", 3],
        "provider": "cloud",
        "colour": "red",
        "configuration_extra_settings": "A: 1\nB: [",
    }
    answer = admin.post("/instances", wrong)
    assert answer.status_code == 422
    assert pointers(answer) >= {f"#/{name}" for name in wrong}
    assert OpenEdXInstance.objects.count() == 1


def test_a_fault_in_a_text_has_line_and_column(admin: Api, demo: OpenEdXInstance) -> None:
    etag = admin.get(f"/instances/{demo.pk}")["ETag"]
    answer = admin.patch(
        f"/instances/{demo.pk}",
        {"configuration_extra_settings": "A: 1\nA: 2\n"},
        if_match=etag,
    )
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["line"]) == ("#/configuration_extra_settings", 2)
    assert fault["column"] == 1


def test_a_change_needs_the_version_that_it_changes(operator: Api, demo: OpenEdXInstance) -> None:
    where = f"/instances/{demo.pk}"
    assert operator.patch(where, {"name": "New"}).status_code == 428
    etag = operator.get(where)["ETag"]
    settings_of(demo, name="Meanwhile")
    assert operator.patch(where, {"name": "New"}, if_match=etag).status_code == 412
    demo.refresh_from_db()
    assert demo.name == "Meanwhile"


def test_a_change_answers_with_the_new_version(operator: Api, demo: OpenEdXInstance) -> None:
    where = f"/instances/{demo.pk}"
    etag = operator.get(where)["ETag"]
    answer = operator.patch(where, {"name": "New", "tags": ["a"]}, if_match=etag)
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["tags"]) == ("New", ["a"])
    assert answer["ETag"] not in ("", etag)
    assert operator.patch(where, {"notes": "x"}, if_match=answer["ETag"]).status_code == 200


def test_what_is_known_is_not_sent_again(viewer: Api, demo: OpenEdXInstance) -> None:
    etag = viewer.get(f"/instances/{demo.pk}")["ETag"]
    make_appserver(demo)
    answer = viewer.get(f"/instances/{demo.pk}", if_none_match=etag)
    assert (answer.status_code, answer.content) == (304, b"")


def test_secrets_are_shown_to_those_only_who_may_see_them(
    admin: Api, operator: Api, demo: OpenEdXInstance
) -> None:
    settings_of(demo, configuration_extra_settings="EDXAPP_AWS_SECRET_ACCESS_KEY: hush-hush-1")
    where = f"/instances/{demo.pk}"
    assert "hush-hush-1" not in admin.get(where).content.decode()
    assert "hush-hush-1" in admin.get(f"{where}?secrets=true").content.decode()
    assert operator.get(f"{where}?secrets=true").status_code == 403


def test_the_version_changes_with_a_secret(operator: Api, demo: OpenEdXInstance) -> None:
    tags = []
    for secret in ("first-secret-1", "other-secret-2"):
        settings_of(demo, configuration_extra_settings=f"EDXAPP_AWS_SECRET_ACCESS_KEY: {secret}")
        tags.append(operator.get(f"/instances/{demo.pk}")["ETag"])
    assert len(set(tags)) == 2


def test_archiving_is_a_job_with_a_place_to_look(admin: Api, demo: OpenEdXInstance) -> None:
    answer = admin.post(f"/instances/{demo.pk}/archive")
    assert answer.status_code == 202
    job = Job.objects.get()
    assert payload_of(job) == ArchiveJob()
    assert str(job.creator) == "admin"
    assert admin.get(answer["Location"]).json() == answer.json()
    assert answer.json()["state"] == "waiting"


def test_an_archived_instance_comes_back(admin: Api, demo: OpenEdXInstance) -> None:
    demo.ref_set.is_archived = True
    demo.ref_set.save()
    assert admin.get("/instances").json()["results"] == []
    assert admin.get("/instances?state=archived").json()["results"][0]["state"] == "archived"
    assert admin.post(f"/instances/{demo.pk}/unarchive").json()["state"] == "down"


def test_only_an_archived_instance_is_deleted(admin: Api, demo: OpenEdXInstance) -> None:
    answer = admin.delete(f"/instances/{demo.pk}")
    assert answer.status_code == 409
    assert "not archived" in answer.json()["detail"]
    assert "Archive it first" in answer.json()["remedy"]


def test_a_hold_begins_and_ends(operator: Api, demo: OpenEdXInstance) -> None:
    where = f"/instances/{demo.pk}/hold"
    assert operator.put(where, {"reason": "exams"}).json()["held"] == "exams"
    assert operator.delete(where).status_code == 204
    assert operator.delete(where).status_code == 409
    answer = operator.put(where, {"reason": "x", "since": "2026-02-30", "from": "2026-02-01"})
    assert pointers(answer) == {"#/since", "#/from"}


def test_a_maintenance_begins_and_ends(operator: Api, demo: OpenEdXInstance) -> None:
    where = f"/instances/{demo.pk}/maintenance"
    assert operator.put(where, {"message": "Back at nine."}).json()["maintenance"] == (
        "Back at nine."
    )
    assert operator.delete(where).status_code == 204
    assert operator.delete(where).status_code == 409


def test_an_organization_keeps_to_its_own_instances(demo: OpenEdXInstance) -> None:
    make_instance("Theirs", organization="ACME")
    acme = account("ada", Role.ADMIN, "ACME")
    [row] = acme.get("/instances").json()["results"]
    assert row["name"] == "Theirs"
    assert acme.get(f"/instances/{demo.pk}").status_code == 404
    new = {"internal_lms_domain": "campus.localhost"}
    assert acme.post("/instances", new).status_code == 403
    assert acme.post("/instances", {**new, "organization": "ACME"}).status_code == 201


def test_an_instance_moves_only_between_ones_own_organizations(db: None) -> None:
    theirs = make_instance("Theirs", organization="ACME")
    acme = account("ada", Role.ADMIN, "ACME")
    answer = acme.patch(f"/instances/{theirs.pk}", {"organization": "Other"}, if_match="*")
    assert answer.status_code == 403
