"""Pages of jobs, of workers, and of the doctor."""

from typing import Any

from django.test import Client

from ocim.core.access import Role
from ocim.core.hosts import HostRequest
from ocim.core.jobs import ArchiveJob, RetainJob
from ocim.operations import jobs, workers
from ocim.store.models import Chore, Job
from tests.web.conftest import signed_in
from tests.world import QUEUE, World

FORGOTTEN = "hosts: local host forgotten: No app server needs this host."


def html(client: Client, address: str, **fields: str) -> str:
    """Return a page, or the page that a form leads to."""
    answer = client.post(address, fields, follow=True) if fields else client.get(address)
    return answer.content.decode()


def submit(world: World, **fields: str) -> Job:
    instance = world.make_instance(**fields)
    return jobs.submit(target=instance, payload=RetainJob(), queue=QUEUE)


def test_open_jobs_are_listed_with_the_workers(
    admin: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        submit(world)
    workers.begin(queue=QUEUE, threads=4, version="1.2.3", context=world.context("worker-7"))
    with django_assert_max_num_queries(20):
        page = html(admin, "/jobs/")
    assert page.count(">Removing expired app servers</a>") == 3
    assert f"{QUEUE}: 3 waiting" in page
    assert "No worker is running" in page


def test_jobs_are_filtered_by_state_and_older_ones_are_on_other_pages(
    admin: Client, world: World
) -> None:
    job = submit(world)
    Job.objects.filter(pk=job.pk).update(state="failed", error="It broke.\nHere.")
    assert "No job is in this state" in html(admin, "/jobs/")
    assert "It broke." in html(admin, "/jobs/?state=failed")
    assert "It broke." not in html(admin, f"/jobs/?state=failed&before={job.pk}")
    assert "It broke." in html(admin, "/jobs/?state=&before=nothing")


def test_a_job_is_cancelled(admin: Client, world: World) -> None:
    job = submit(world)
    assert "the job ends within seconds" in html(admin, f"/jobs/{job.pk}/cancel/", now="yes")
    job.refresh_from_db()
    assert job.cancel_requested


def test_a_job_that_failed_is_retried_by_who_may_request_it(admin: Client, world: World) -> None:
    job = submit(world, organization="Campus")
    assert ">Retry<" not in html(admin, f"/jobs/{job.pk}/")
    Job.objects.filter(pk=job.pk).update(state="failed")
    assert ">Retry<" not in html(signed_in("ann", Role.VIEWER, "Campus"), f"/jobs/{job.pk}/")
    assert ">Retry<" in html(admin, f"/jobs/{job.pk}/")
    page = html(admin, f"/jobs/{job.pk}/retry/", now="yes")
    assert f"this is the retry of job {job.pk}" in page
    assert Job.objects.count() == 2
    assert ">Retry<" not in html(admin, f"/jobs/{job.pk}/")


def test_an_archive_is_retried_by_admins_alone(world: World) -> None:
    instance = world.make_instance(organization="Campus")
    job = jobs.submit(target=instance, payload=ArchiveJob(), queue=QUEUE)
    Job.objects.filter(pk=job.pk).update(state="failed")
    for role, status in ((Role.RELEASER, 403), (Role.ADMIN, 302)):
        client = signed_in(role.value, role, "Campus")
        assert client.post(f"/jobs/{job.pk}/retry/").status_code == status


def test_people_of_an_organization_see_its_jobs_alone_and_no_workers(world: World) -> None:
    own, other = submit(world, name="Own", organization="Campus"), submit(world, name="Other")
    mira = signed_in("mira", Role.OPERATOR, "Campus")
    page = html(mira, "/jobs/")
    assert "Own" in page
    assert "Other" not in page
    assert "Workers" not in page
    assert mira.get(f"/jobs/{own.pk}/").status_code == 200
    assert mira.post(f"/jobs/{other.pk}/cancel/").status_code == 404


def test_an_examination_is_a_job_that_repairs_what_is_chosen(admin: Client, world: World) -> None:
    world.provider.create(HostRequest(name="forgotten"))
    assert "Nothing is examined yet" in html(admin, "/doctor/")
    html(admin, "/doctor/examine/", now="yes")
    html(admin, "/doctor/examine/", now="yes")
    assert Chore.objects.count() == 1
    work(world)
    page = html(admin, "/doctor/")
    assert f'value="{FORGOTTEN}">Repair' in page
    assert world.provider.list() == ["forgotten"]
    html(admin, "/doctor/examine/", repair=FORGOTTEN)
    work(world)
    assert world.provider.list() == []
    assert "repaired" in html(admin, "/doctor/")


def test_all_findings_are_repaired_at_once(admin: Client, world: World) -> None:
    for name in ("forgotten", "left"):
        world.provider.create(HostRequest(name=name))
    html(admin, "/doctor/examine/", all="yes")
    work(world)
    assert world.provider.list() == []


def test_few_examinations_are_kept(admin: Client, world: World) -> None:
    for _ in range(13):
        html(admin, "/doctor/examine/", all="yes")
        work(world)
    assert Chore.objects.count() == 11
    assert Job.objects.filter(kind="examine").count() == 11


def work(world: World) -> None:
    job = Job.objects.latest("pk")
    world.work(job, queue=job.queue)
    job.refresh_from_db()
    assert job.state == "done", job.error
