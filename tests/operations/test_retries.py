"""Retries of jobs that failed for good."""

import pytest

from ocim.core.errors import Conflict
from ocim.core.job_kinds import JobKind
from ocim.core.jobs import ActivateJob, CloneJob, Payload
from ocim.operations import jobs, retries
from ocim.store.models import AuditEntry, Job, OpenEdXAppServer
from tests.world import QUEUE, World


def failed(world: World, payload: Payload | None = None) -> Job:
    """Return a job on an instance with an app server, which failed."""
    instance = world.make_instance()
    appserver = world.spawn(instance)
    payload = payload or ActivateJob((appserver.pk,))
    job = jobs.submit(target=instance, payload=payload, queue=QUEUE)
    Job.objects.filter(pk=job.pk).update(state="failed", error="It broke.")
    job.refresh_from_db()
    return job


def test_every_kind_can_be_retried_or_says_what_to_do() -> None:
    assert retries.RIGHTS.keys() | retries.INSTEAD.keys() == set(JobKind)
    assert not retries.RIGHTS.keys() & retries.INSTEAD.keys()


def test_a_retry_does_what_the_job_was_asked_to_do(world: World) -> None:
    job = failed(world)
    new = retries.retry(job_id=job.pk, context=world.context())
    world.work(new)
    new.refresh_from_db()
    assert (new.state, new.kind, new.arguments) == ("done", job.kind, job.arguments)
    entry = AuditEntry.objects.get(action="job.retry")
    assert (entry.target_id, entry.after) == (str(job.pk), {"job": new.pk})


def test_where_a_spawn_failed_other_app_servers_are_made(world: World) -> None:
    instance = world.make_instance()
    [appserver], job = world.request_spawn(instance, activate=True)
    Job.objects.filter(pk=job.pk).update(state="failed")
    OpenEdXAppServer.objects.filter(pk=appserver.pk).update(state="failed")
    new = retries.retry(job_id=job.pk, context=world.context())
    [other] = jobs.appservers_of(new)
    assert other != appserver.pk
    assert new.arguments["activate"] is True


@pytest.mark.parametrize("state", ["waiting", "running", "done"])
def test_what_did_not_fail_is_not_retried(world: World, state: str) -> None:
    job = failed(world)
    Job.objects.filter(pk=job.pk).update(state=state)
    with pytest.raises(Conflict, match=f"it is {state}, and not failed"):
        retries.retry(job_id=job.pk, context=world.context())


def test_what_another_job_followed_is_not_retried(world: World) -> None:
    job = failed(world)
    retries.retry(job_id=job.pk, context=world.context())
    with pytest.raises(Conflict, match="another job followed it"):
        retries.retry(job_id=job.pk, context=world.context())


def test_a_kind_that_cannot_be_retried_says_what_to_do(world: World) -> None:
    job = failed(world, CloneJob(1))
    with pytest.raises(Conflict, match="Clone the instance again"):
        retries.retry(job_id=job.pk, context=world.context())
