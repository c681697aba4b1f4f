"""Tests of every kind of job: stored as an operation stores it, and done by a worker."""

from collections.abc import Mapping

import pytest

from ocim.core.job_kinds import JobKind
from ocim.core.jobs import (
    PAYLOADS,
    ActivateJob,
    ArchiveJob,
    BuildImageJob,
    CloneJob,
    DeactivateJob,
    Payload,
    RecoverJob,
    RestoreJob,
    RetainJob,
    SetUpJob,
    SpawnJob,
    SuperuserJob,
    TerminateJob,
    VerifyJob,
)
from ocim.core.states import JobState
from ocim.operations import chores, jobs, search_servers
from ocim.operations.handlers import HANDLERS
from ocim.operations.rollouts import undo
from ocim.operations.rollouts.drive import drive
from ocim.store.models import Job
from tests.operations.rollouts.fleet import Fleet
from tests.world import QUEUE, World

FAILURES = {
    JobKind.VERIFY: "has neither ecommerce nor discovery",
    JobKind.CLONE: "has app servers",
}
"""Error of the kinds that the instance, as it is, does not allow."""


def test_every_kind_of_job_has_a_payload_and_a_handler() -> None:
    assert set(JobKind) == HANDLERS.keys() == PAYLOADS.keys()


@pytest.mark.parametrize("kind", JobKind)
def test_every_kind_is_done_from_its_stored_payload(world: World, kind: JobKind) -> None:
    if kind in (JobKind.UPGRADE, JobKind.UNDO):
        job = of_rollout(world, kind)
    elif kind is JobKind.CREATE_SERVER:
        _, job = search_servers.request_creation(
            name="main", provider="local", queue=QUEUE, context=world.context()
        )
    elif kind is JobKind.EXAMINE:
        job = chores.request_examination(queue=QUEUE)
    elif kind in (JobKind.START_HOSTS, JobKind.STOP_HOSTS):
        start = kind is JobKind.START_HOSTS
        job = chores.request_hosts(
            provider="local", start=start, queue=QUEUE, context=world.context()
        )
    else:
        job = of_instance(world, kind)
    world.work(job)
    job.refresh_from_db()
    failure = FAILURES.get(kind, "")
    assert job.state == (JobState.FAILED if failure else JobState.DONE), job.error
    assert failure in job.error


def of_instance(world: World, kind: JobKind) -> Job:
    """Return a job on an instance with an app server."""
    instance = world.make_instance()
    appserver = world.spawn(instance, activate=kind in (JobKind.DEACTIVATE, JobKind.RECOVER)).pk
    payloads: Mapping[JobKind, Payload] = {
        JobKind.SPAWN: SpawnJob((appserver,), activate=True),
        JobKind.ACTIVATE: ActivateJob((appserver,)),
        JobKind.DEACTIVATE: DeactivateJob((appserver,)),
        JobKind.TERMINATE: TerminateJob((appserver,)),
        JobKind.ARCHIVE: ArchiveJob(),
        JobKind.RETAIN: RetainJob(),
        JobKind.RECOVER: RecoverJob(appserver),
        JobKind.RESTORE: RestoreJob(()),
        JobKind.CLONE: CloneJob(instance.pk),
        JobKind.SET_UP: SetUpJob(appserver),
        JobKind.VERIFY: VerifyJob(appserver),
        JobKind.SUPERUSER: SuperuserJob(appserver, "mira", "", make=True),
        JobKind.BUILD_IMAGE: BuildImageJob(),
    }
    return jobs.submit(target=instance, payload=payloads[kind], queue=QUEUE)


def of_rollout(world: World, kind: JobKind) -> Job:
    """Return the job that upgrades an instance, or that undoes its upgrade."""
    fleet = Fleet(world)
    fleet.make()
    rollout = fleet.begin(fleet.plan())
    if kind is JobKind.UPGRADE:
        drive(rollout_id=rollout.pk, context=world.context())
    else:
        undo.request(fleet.run(rollout))
    return Job.objects.get(kind=kind)
