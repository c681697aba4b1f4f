import pytest

from ocim.core.jobs import (
    PAYLOADS,
    ActivateJob,
    ArchiveJob,
    DeactivateJob,
    JobKind,
    Payload,
    RecoverJob,
    RestoreJob,
    RetainJob,
    SetUpJob,
    SpawnJob,
    TerminateJob,
    VerifyJob,
)
from ocim.core.states import JobState
from ocim.operations import jobs
from ocim.operations.handlers import HANDLERS
from tests.world import QUEUE, World


def test_every_kind_of_job_has_a_payload_and_a_handler() -> None:
    assert set(JobKind) == HANDLERS.keys() == PAYLOADS.keys()


@pytest.mark.parametrize("kind", sorted(set(JobKind) - {JobKind.UPGRADE, JobKind.UNDO}))
def test_every_kind_is_done_from_its_stored_payload(world: World, kind: JobKind) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance, activate=kind in (JobKind.DEACTIVATE, JobKind.RECOVER)).pk
    payloads: list[Payload] = [
        SpawnJob((appserver,), activate=True),
        ActivateJob((appserver,)),
        DeactivateJob((appserver,)),
        TerminateJob((appserver,)),
        ArchiveJob(),
        RetainJob(),
        RecoverJob(appserver),
        RestoreJob(()),
        SetUpJob(appserver),
        VerifyJob(appserver),
    ]
    (payload,) = (payload for payload in payloads if payload.kind is kind)
    job = jobs.submit(instance_id=instance.pk, payload=payload, queue=QUEUE)
    world.work(instance.pk)
    job.refresh_from_db()
    if kind is JobKind.VERIFY:
        assert "has neither ecommerce nor discovery" in job.error
    else:
        assert (job.state, job.error) == (JobState.DONE, "")
