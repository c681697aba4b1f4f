"""Retries of jobs that failed for good: what they were asked to do is requested once more."""

from collections.abc import Mapping

from django.db import transaction

from ocim.core.access import Right
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict
from ocim.core.job_kinds import JobKind
from ocim.core.jobs import SpawnJob
from ocim.core.states import JobState
from ocim.operations import jobs, spawn
from ocim.operations.audit import record
from ocim.operations.context import Context
from ocim.store.models import Job, Leased

RIGHTS: Mapping[JobKind, Right] = {
    JobKind.SPAWN: Right.OPERATE,
    JobKind.ACTIVATE: Right.OPERATE,
    JobKind.DEACTIVATE: Right.OPERATE,
    JobKind.TERMINATE: Right.OPERATE,
    JobKind.RETAIN: Right.OPERATE,
    JobKind.SET_UP: Right.OPERATE,
    JobKind.VERIFY: Right.OPERATE,
    JobKind.SUPERUSER: Right.CONFIGURE,
    JobKind.ARCHIVE: Right.CONFIGURE,
    JobKind.RESTORE: Right.CONFIGURE,
    JobKind.CREATE_SERVER: Right.CONFIGURE,
    JobKind.BUILD_IMAGE: Right.CONFIGURE,
    JobKind.EXAMINE: Right.CONFIGURE,
    JobKind.START_HOSTS: Right.CONFIGURE,
    JobKind.STOP_HOSTS: Right.CONFIGURE,
}
"""Kinds that can be retried, each with the right that its request needs."""
INSTEAD: Mapping[JobKind, str] = {
    JobKind.RECOVER: "Ocim restarts an app server by itself as long as it does not answer.",
    JobKind.UPGRADE: "Retry the rollout: it upgrades its failed instances again.",
    JobKind.UNDO: "Undo the rollout again.",
    JobKind.CLONE: "Clone the instance again: the copy may be incomplete.",
}
"""Kinds that cannot be retried, each with what to do."""


def retry(*, job_id: int, context: Context) -> Job:
    """Submit a job that does the same as one that failed, and record whose retry it is.

    New app servers are made where others could not be spawned, with the present settings. Raise
    Conflict if the job did not fail, is of a kind that cannot be retried, or is not the last one on
    its instance or server: what followed may have been a correction.
    """
    with transaction.atomic():
        jobs_of_leases = Job.objects.select_related("lease", "instance__ref_set")
        job = jobs_of_leases.select_for_update(of=("self",)).get(pk=job_id)
        target = job.lease.target
        if reason := obstacle(job):
            raise Conflict(f"Cannot retry {job}: {reason}", remedy=_remedy(job))
        assert isinstance(target, Leased)  # noqa: S101 - jobs go with their lease's row
        new = _submit(job, target, context)
        record(AuditAction.JOB_RETRY, job, after={"job": new.pk})
    return new


def obstacle(job: Job) -> str:
    """Return why a job cannot be retried. Empty: it can."""
    if job.state != JobState.FAILED:
        return f"it is {job.state}, and not failed."
    if job.kind not in RIGHTS:
        return "a job of this kind has to be requested in another way."
    if Job.objects.filter(lease=job.lease_id, pk__gt=job.pk).exists():
        return "another job followed it."
    return "" if job.lease.target else "what it worked on was deleted."


def _remedy(job: Job) -> str:
    known = job.kind in list(JobKind) and job.state == JobState.FAILED
    return INSTEAD.get(JobKind(job.kind), "") if known else ""


def _submit(job: Job, target: Leased, context: Context) -> Job:
    payload = jobs.payload_of(job)
    if isinstance(payload, SpawnJob) and job.instance:
        _, new = spawn.request(
            instance=job.instance,
            queue=job.queue,
            context=context,
            count=len(payload.appservers),
            activate=payload.activate,
            reason=f"Retry of job {job.pk}",
        )
        return new
    return jobs.submit(target=target, payload=payload, queue=job.queue)
