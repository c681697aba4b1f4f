"""Work on the installation that is asked for: examinations, hosts, images, notices."""

from ocim.core.hosts import HostRequest
from ocim.core.jobs import BuildImageJob, ExamineJob, StartHostsJob, StopHostsJob
from ocim.operations import chores, images
from ocim.operations.jobs import payload_of
from ocim.store.lent_machines import StoredMachines
from ocim.store.models import AuditEntry, Chore, Job, OpenEdXInstance
from tests.api.client import Api
from tests.world import World

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


def test_single_hosts_start_and_stop_by_jobs(admin: Api, world: World) -> None:
    world.provider.create(HostRequest(name="one"))
    world.provider.create(HostRequest(name="two"))
    for step, kind in (("start", StartHostsJob), ("stop", StopHostsJob)):
        assert admin.post(f"/hosts/{step}", {"hosts": ["two", "two"]}).status_code == 202
        assert payload_of(Job.objects.latest("pk")) == kind("local", ("two",))
    answer = admin.post("/hosts/stop", {"hosts": ["two", "three", "four"]})
    assert [fault["detail"] for fault in answer.json()["errors"]] == [
        "hosts: no host 'three' of kind local.",
        "hosts: no host 'four' of kind local.",
    ]
    assert admin.post("/hosts/stop", {"hosts": []}).status_code == 422


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


def test_a_single_image_is_deleted(admin: Api, world: World) -> None:
    image = images.of_instance(world.make_instance(), world.context())
    images.ensure(image, on_event=print, is_cancelled=lambda: False, context=world.context())
    assert admin.delete(f"/images/nspawn/{image.name}").status_code == 404
    assert admin.delete(f"/images/local/{image.name}").status_code == 204
    assert admin.delete(f"/images/local/{image.name}").status_code == 404
    assert admin.get("/images").json() == []


def test_the_pool_is_listed_and_a_machine_readmitted_is_recorded(admin: Api) -> None:
    machines = StoredMachines()
    machines.take("rack-1", "appserver-1")
    token = machines.begin_cleaning("rack-1", "appserver-1")
    machines.end_cleaning("rack-1", token, "It has files of somebody.")
    [row] = admin.get("/hosts/pool").json()
    assert (row["machine"], row["kept_out"]) == ("rack-1", "It has files of somebody.")
    assert admin.post("/hosts/pool/rack-1/readmit").status_code == 204
    assert admin.post("/hosts/pool/rack-1/readmit").status_code == 409
    assert AuditEntry.objects.get(action="host.readmit").target_name == "rack-1"
