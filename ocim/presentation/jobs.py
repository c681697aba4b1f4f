"""A job with its facts, and who may cancel and retry it."""

from ocim.core.access import FLEET, Access, Right
from ocim.core.job_kinds import JobKind
from ocim.operations import jobs, retries
from ocim.store.models import Job


def right_to_cancel(job: Job, access: Access) -> bool:
    """Return True if somebody may cancel the job, whose instance is loaded.

    Jobs on shared servers and on the installation need an admin of the fleet.
    """
    if job.instance is None:
        return access.may(Right.CONFIGURE, FLEET)
    return access.may(Right.OPERATE, job.instance.ref_set.organization)


def right_to_retry(job: Job, access: Access) -> bool:
    """Return True if somebody might request the job, whose instance is loaded, themselves."""
    kind = JobKind(job.kind) if job.kind in list(JobKind) else None
    right = retries.RIGHTS.get(kind) if kind else None
    if right is None:
        return False
    if job.instance is None or kind == JobKind.BUILD_IMAGE:
        return access.may(Right.CONFIGURE, FLEET)
    return access.may(right, job.instance.ref_set.organization)


def facts(job: Job) -> dict[str, object]:
    """Return a job's facts."""
    return {
        "id": job.pk,
        "kind": job.kind,
        "does": jobs.description(job),
        "state": job.state,
        "step": job.step,
        "error": job.error,
        "instance": job.instance_id,
        "appservers": list(jobs.appservers_of(job)),
        "attempts": job.attempts,
        "cancel_requested": job.cancel_requested,
        "created": job.created.isoformat(timespec="seconds"),
        "ended": job.ended_at and job.ended_at.isoformat(timespec="seconds"),
    }
