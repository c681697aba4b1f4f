"""A job with its facts."""

from ocim.operations import jobs
from ocim.store.models import Job


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
