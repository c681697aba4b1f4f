from ocim.core.jobs import SuperuserJob
from ocim.operations.jobs import payload_of
from ocim.store.models import Job, OpenEdXInstance
from tests.api.client import Api
from tests.web.fleet import make_appserver


def test_a_superuser_is_made_and_taken_away_by_jobs(admin: Api, demo: OpenEdXInstance) -> None:
    appserver = make_appserver(demo, is_active=True)
    where = f"/instances/{demo.pk}/superusers/mira"
    answer = admin.put(where, {"email": "mira@example.com"})
    assert (answer.status_code, answer.json()["appservers"]) == (202, [appserver.pk])
    assert admin.delete(where).status_code == 202
    assert [payload_of(job) for job in Job.objects.order_by("id")] == [
        SuperuserJob(appserver.pk, "mira", "mira@example.com", make=True),
        SuperuserJob(appserver.pk, "mira", "", make=False),
    ]


def test_all_faults_of_a_superuser_are_told(admin: Api, demo: OpenEdXInstance) -> None:
    make_appserver(demo, is_active=True)
    answer = admin.put(f"/instances/{demo.pk}/superusers/--remove", {"email": "nobody"})
    assert answer.status_code == 422
    assert {fault.get("pointer") for fault in answer.json()["errors"]} == {"#/name", "#/email"}


def test_without_an_app_server_there_is_nobody_to_ask(admin: Api, demo: OpenEdXInstance) -> None:
    assert admin.get(f"/instances/{demo.pk}/superusers").status_code == 409
