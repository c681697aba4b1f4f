from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ocim.core.job_storage import to_json
from ocim.core.jobs import SpawnJob
from ocim.core.states import AppServerState, JobState
from ocim.store.models import InstanceReference, Job, Lease, OpenEdXInstance, Worker
from tests.web.fleet import make_appserver, make_instance


def page(client: Client, name: str, *arguments: int) -> str:
    response = client.get(reverse(name, args=arguments))
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_says_in_words_how_each_instance_is(admin: Client, demo: OpenEdXInstance) -> None:
    make_appserver(demo, is_active=True)
    make_appserver(make_instance("Broken"), AppServerState.FAILED)
    html = page(admin, "instances")
    assert ">on the web</span>" in html
    assert ">failed</span>" in html


def test_the_list_leads_to_each_site(admin: Client, demo: OpenEdXInstance) -> None:
    assert 'href="https://demo.localhost:8443"' in page(admin, "instances")


def test_archived_instances_are_listed_only_when_asked_for(
    admin: Client, demo: OpenEdXInstance
) -> None:
    InstanceReference.objects.filter(pk=demo.pk).update(is_archived=True)
    link = reverse("instance", args=[demo.pk])
    assert link not in page(admin, "instances")
    assert link in admin.get("/?state=archived").content.decode()


@pytest.mark.parametrize("queue, is_warned", [("opencraft", False), ("another", True)])
def test_pages_warn_when_no_worker_of_the_queue_is_alive(
    admin: Client, demo: OpenEdXInstance, queue: str, is_warned: bool
) -> None:
    now = timezone.now()
    Worker.objects.create(name="w", queue=queue, threads=1, started_at=now, seen_at=now)
    for html in (page(admin, "instances"), page(admin, "instance", demo.pk)):
        assert ("ocim worker" in html) is is_warned


def test_a_worker_that_fell_silent_does_not_count(admin: Client) -> None:
    long_ago = timezone.now() - timedelta(minutes=2)
    Worker.objects.create(
        name="w", queue="opencraft", threads=1, started_at=long_ago, seen_at=long_ago
    )
    assert "No worker is running" in page(admin, "instances")


def test_an_instance_shows_what_is_being_done_with_it(admin: Client, demo: OpenEdXInstance) -> None:
    Job.objects.create(
        instance=demo,
        lease_id=demo.lease_id,
        kind="spawn",
        queue="opencraft",
        arguments=to_json(SpawnJob((5, 6), activate=True)),
    )
    assert "Waiting: spawning app servers 5, 6, to be activated" in page(admin, "instance", demo.pk)


def test_an_instance_shows_why_the_last_request_failed(
    admin: Client, demo: OpenEdXInstance
) -> None:
    Job.objects.create(
        instance=demo,
        lease_id=demo.lease_id,
        kind="activate",
        queue="opencraft",
        state=JobState.FAILED,
        error="lms answered <500>.",
        ended_at=timezone.now(),
    )
    html = page(admin, "instance", demo.pk)
    assert "lms answered &lt;500&gt;." in html
    assert "The last job failed: Activating<" in html


def test_an_instance_shows_the_first_line_of_a_failure(
    admin: Client, demo: OpenEdXInstance
) -> None:
    make_appserver(demo, AppServerState.FAILED, failure="migrate: no such table\nmuch more")
    html = page(admin, "instance", demo.pk)
    assert "migrate: no such table" in html
    assert "much more" not in html


def test_a_configuration_that_cannot_work_is_shown_as_a_fault(
    admin: Client, demo: OpenEdXInstance
) -> None:
    OpenEdXInstance.objects.filter(pk=demo.pk).update(configuration_extra_settings="A: [")
    assert "No app server can be spawned with this configuration." in page(
        admin, "instance", demo.pk
    )


@pytest.mark.parametrize("name", ["instances", "instance", "instance-progress"])
def test_a_large_fleet_takes_no_more_queries(
    admin: Client, demo: OpenEdXInstance, name: str
) -> None:
    address = reverse(name, args=[] if name == "instances" else [demo.pk])

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            admin.get(address)
        return len(captured)

    def grow(start: int, end: int) -> None:
        for number in range(start, end):
            make_appserver(make_instance(f"Site {number}"), is_active=True)
            make_appserver(demo)
            make_appserver(demo, AppServerState.TERMINATED)
            Job.objects.create(
                instance=demo, lease_id=demo.lease_id, kind="retain", queue="opencraft"
            )

    grow(0, 2)
    few = count()
    grow(2, 20)
    assert count() == few


@pytest.mark.parametrize("name", ["instance", "instance-progress", "instance-events"])
def test_what_does_not_exist_is_not_found(admin: Client, db: None, name: str) -> None:
    assert admin.get(reverse(name, args=[9999])).status_code == 404


def test_a_hold_is_told_with_its_reason(admin: Client, demo: OpenEdXInstance) -> None:
    InstanceReference.objects.filter(pk=demo.pk).update(hold_reason="exams <b>")
    html = page(admin, "instance", demo.pk)
    assert "Held, rollouts skip this instance: exams &lt;b&gt;" in html


def test_a_job_that_is_stuck_is_told_with_the_step_that_it_is_at(
    admin: Client, demo: OpenEdXInstance
) -> None:
    now = timezone.now()
    Lease.objects.filter(pk=demo.lease_id).update(
        holder="alive/1", expires_at=now + timedelta(seconds=10), fence=1
    )
    Job.objects.create(
        instance=demo, lease_id=demo.lease_id, kind="retain", queue="opencraft",
        state=JobState.RUNNING, step="SQL",
        step_at=now - timedelta(hours=3), seen_at=now - timedelta(hours=2),
    )  # fmt: skip
    html = page(admin, "instance", demo.pk)
    assert "It is at SQL since" in html
    assert "Run <code>ocim doctor</code> for the remedy." in html
