import pytest
from asgiref.sync import async_to_sync

from ocim.core.jobs import ActivateJob, DeactivateJob, Payload, SpawnJob, TerminateJob
from ocim.operations.jobs import payload_of
from ocim.store.models import Job, OpenEdXAppServer, OpenEdXInstance
from tests.api.client import Api
from tests.web.fleet import make_appserver, make_instance, write_line


def jobs() -> list[Payload]:
    return [payload_of(job) for job in Job.objects.order_by("id")]


def test_a_spawn_is_a_job_with_a_place_to_look(operator: Api, demo: OpenEdXInstance) -> None:
    where = f"/instances/{demo.pk}/appservers"
    answer = operator.post(where, {"count": 2, "activate": True, "reason": "more room"})
    assert answer.status_code == 202
    made = sorted(OpenEdXAppServer.objects.values_list("pk", flat=True))
    assert jobs() == [SpawnJob(tuple(made), activate=True)]
    assert operator.get(answer["Location"]).json()["appservers"] == made
    rows = operator.get(where).json()["results"]
    assert [row["id"] for row in rows] == made[::-1]


def test_every_fault_of_a_spawn_is_told(operator: Api, demo: OpenEdXInstance) -> None:
    wrong = {"count": 0, "activate": "perhaps", "colour": "red"}
    answer = operator.post(f"/instances/{demo.pk}/appservers", wrong)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "#/count", "#/activate", "#/colour",
    }  # fmt: skip
    assert jobs() == []


@pytest.mark.parametrize("verb", ["activate", "deactivate", "terminate"])
def test_app_servers_of_one_instance_are_changed_together(
    operator: Api, demo: OpenEdXInstance, verb: str
) -> None:
    first, second = make_appserver(demo), make_appserver(demo)
    answer = operator.post(f"/appservers/{first.pk}/{verb}", {"others": [second.pk]})
    assert answer.status_code == 202
    kinds = {"activate": ActivateJob, "deactivate": DeactivateJob, "terminate": TerminateJob}
    assert jobs() == [kinds[verb]((first.pk, second.pk))]


def test_app_servers_of_two_instances_are_not_changed_together(
    operator: Api, demo: OpenEdXInstance
) -> None:
    first, second = make_appserver(demo), make_appserver(make_instance("Other"))
    answer = operator.post(f"/appservers/{first.pk}/activate", {"others": [second.pk]})
    assert answer.status_code == 409
    assert jobs() == []


def test_an_app_server_is_shown_without_its_preview_password(
    operator: Api, admin: Api, demo: OpenEdXInstance
) -> None:
    made = make_appserver(demo)
    facts = operator.get(f"/appservers/{made.pk}").json()
    assert facts["preview_login"].startswith("preview / ****")
    shown = admin.get(f"/appservers/{made.pk}?secrets=true").json()
    assert "*" not in shown["preview_login"]
    assert operator.get(f"/appservers/{made.pk}?secrets=true").status_code == 403


def test_terminated_app_servers_are_listed_on_request(viewer: Api, demo: OpenEdXInstance) -> None:
    make_appserver(demo, "terminated")
    assert viewer.get("/appservers").json()["results"] == []
    assert len(viewer.get("/appservers?terminated=true").json()["results"]) == 1


def test_a_log_comes_in_pages_without_secrets(viewer: Api, demo: OpenEdXInstance) -> None:
    made = make_appserver(demo)
    for number in range(3):
        write_line(made, f"line {number}, mysql://user:geheim123@host/")
    first = viewer.get(f"/appservers/{made.pk}/log?limit=2").json()
    second = viewer.get(first["next"].removeprefix("http://testserver")).json()
    texts = [line["text"] for page in (first, second) for line in page["results"]]
    assert [text[:6] for text in texts] == ["line 0", "line 1", "line 2"]
    assert not any("geheim123" in text for text in texts)


def test_a_log_is_listed_by_level(viewer: Api, demo: OpenEdXInstance) -> None:
    made = make_appserver(demo)
    for level in ("debug", "warning", "error"):
        write_line(made, level, level=level)
    lines = viewer.get(f"/appservers/{made.pk}/log?level=warning").json()["results"]
    assert [line["text"] for line in lines] == ["warning", "error"]
    assert viewer.get(f"/appservers/{made.pk}/log?level=loud").status_code == 422


def test_a_log_is_downloaded_as_text(viewer: Api, demo: OpenEdXInstance) -> None:
    made = make_appserver(demo)
    write_line(made, "first", task="a task")
    write_line(made, "EDXAPP_SECRET_KEY: geheim123", level="error")
    answer = viewer.get(f"/appservers/{made.pk}/log.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"

    async def whole() -> str:
        return b"".join([part async for part in answer.streaming_content]).decode()

    first, second = async_to_sync(whole)().splitlines()
    assert first.endswith("info    [a task] first")
    assert "error   EDXAPP_SECRET_KEY: ****" in second


def test_the_job_of_an_app_server_is_cancelled(operator: Api, demo: OpenEdXInstance) -> None:
    made = make_appserver(demo)
    assert operator.post(f"/appservers/{made.pk}/cancel").status_code == 409
    operator.post(f"/appservers/{made.pk}/activate")
    answer = operator.post(f"/appservers/{made.pk}/cancel")
    assert answer.status_code == 202
    assert operator.get(answer["Location"]).json()["cancel_requested"] is True


def test_jobs_are_listed_by_state_and_cancelled(operator: Api, demo: OpenEdXInstance) -> None:
    operator.post(f"/instances/{demo.pk}/appservers")
    [job] = operator.get("/jobs?state=waiting").json()["results"]
    assert operator.get("/jobs?state=done").json()["results"] == []
    assert operator.get("/jobs?state=lost").status_code == 422
    assert operator.post(f"/jobs/{job['id']}/cancel").json()["cancel_requested"] is True
