"""A claim: a job that a worker does now, and all that it may use meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from ocim.core.job_storage import progress_from_json, to_json
from ocim.core.jobs import Progress
from ocim.operations.context import Context, OnStep
from ocim.store.claims import write_job
from ocim.store.models import Job, Lease

Kind = TypeVar("Kind", bound=Progress)


class NotYet(Exception):
    """Raised by a job that cannot be done before `moment`."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(moment)
        self.moment = moment


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in progress, under its lease."""

    job: Job
    lease: Lease
    context: Context
    on_step: OnStep
    """Called with the name of each step as it begins."""

    @property
    def instance_id(self) -> int:
        """The id of the job's instance. Not for jobs on shared servers."""
        assert self.job.instance_id is not None  # noqa: S101 - kinds of jobs know what they work on
        return self.job.instance_id

    def progress(self, cls: type[Kind]) -> Kind:
        """Return the progress that interrupted attempts and this one have recorded.

        Its class is `cls`, or derived from it. Raise TypeError for a job of another kind.
        """
        progress = progress_from_json(self.job.kind, self.job.memory)
        if not isinstance(progress, cls):
            raise TypeError(f"{self.job} has {type(progress).__name__}, not {cls.__name__}.")
        return progress

    def record(self, progress: Progress) -> None:
        """Store what the next attempt must know, should this one be interrupted.

        Raise LostClaim if another worker holds the lease.
        """
        write_job(self.job, lease=self.lease, memory=to_json(progress))
        self.job.refresh_from_db()
