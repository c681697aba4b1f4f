"""Work on the installation that is asked for: examinations, hosts, images, notices."""

from ocim.core.jobs import BuildImageJob, ExamineJob, StartHostsJob, StopHostsJob
from ocim.operations import chores
from ocim.operations.jobs import payload_of
from ocim.store.models import Chore, Job, OpenEdXInstance
from tests.api.client import Api

KEY = "hosts: leftover: An orphan."


def test_an_examination_is_a_job_whose_findings_are_shown(admin: Api) -> None:
    assert admin.get("/doctor/examinations").status_code == 409
    answer = admin.post("/doctor/examinations", {"keys": [KEY], "all": True})
    assert answer.status_code == 202
    latest = chores.latest_examination()
    assert latest
    assert payload_of(Job.objects.get()) == ExamineJob(latest.pk, (KEY,), True)
    finding = {"key": KEY, "area": "hosts", "severity": "warning"}
    Chore.objects.filter(pk=latest.pk).update(findings=[finding])
    assert admin.get("/doctor/examinations").json()["findings"] == [finding]
    assert admin.get(answer["Location"]).json()["kind"] == "examine"


def test_hosts_start_and_stop_by_jobs(admin: Api) -> None:
    for step, payload in (("start", StartHostsJob("local")), ("stop", StopHostsJob("local"))):
        assert admin.post(f"/hosts/{step}", {"provider": "local"}).status_code == 202
        assert payload_of(Job.objects.latest("pk")) == payload


def test_an_unknown_kind_of_hosts_is_a_fault(admin: Api) -> None:
    [fault] = admin.post("/hosts/stop", {"provider": "cloud"}).json()["errors"]
    assert fault["pointer"] == "#/provider"
    assert not Job.objects.exists()


def test_an_image_is_built_by_a_job(admin: Api, demo: OpenEdXInstance) -> None:
    answer = admin.post("/images/build", {"instance": demo.pk})
    assert answer.status_code == 202
    assert payload_of(Job.objects.get()) == BuildImageJob()
    assert admin.post("/images/build", {"instance": demo.pk + 1}).status_code == 404


def test_a_test_notice_tells_each_address_and_what_went_wrong(admin: Api) -> None:
    assert admin.post("/notices/test").json() == []
