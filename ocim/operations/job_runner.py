"""The worker's loop: it does the jobs under a lease one by one, and again if a worker dies."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F

from ocim.core import stopping
from ocim.core.actions import Action
from ocim.core.actors import acting_as
from ocim.core.audit import AuditAction
from ocim.core.errors import Cancelled, LostClaim, OcimError
from ocim.core.job_kinds import JobKind
from ocim.core.states import JobState
from ocim.core.texts import plural
from ocim.operations import audit
from ocim.operations.claim import Claim, NotYet
from ocim.operations.context import Context
from ocim.operations.jobs import OPEN, due, enter_step, payload_of, wake_up
from ocim.operations.leases import NO_DATABASE, held
from ocim.operations.masking import mask_of_job
from ocim.operations.outages import explained
from ocim.store.claims import move_job
from ocim.store.models import Job, Lease

log = logging.getLogger(__name__)

SIGN_OF_LIFE = timedelta(seconds=15)
"""Shortest time between two records that a job's thread has asked whether it shall end."""


@dataclass(frozen=True, slots=True)
class Handler:
    """The functions for a kind of job; each takes the claim and the kind's payload."""

    run: Callable[[Claim, Any], list[Action]]
    """Do the job; return what is to be done next."""
    on_failure: Callable[[Claim, Any], list[Action]] = lambda _claim, _payload: []
    """Put things right after a failure; return what is to be done next."""


Handlers = Mapping[JobKind, Handler]


def run_pending_jobs(
    *,
    lease_id: int,
    queue: str,
    handlers: Handlers,
    context: Context,
    is_draining: Callable[[], bool] = lambda: False,
) -> list[Action]:
    """Run the due jobs under a lease, oldest first. Return the actions to enqueue.

    Return at once if another worker holds the lease: that one looks for more jobs after it has
    released it. A worker that `is_draining` begins none anew, and leaves them to others.
    """
    actions: list[Action] = []
    while job := _next(lease_id, context.now()):
        if job.queue != queue or is_draining():
            return [*actions, wake_up(job)]
        with held(lease_id, context=context) as lease:
            if lease is None:
                return actions
            try:
                with acting_as(audit.actor_of(job, context.machine)):
                    actions += _run_job(job, lease, handlers, context)
            except LostClaim as lost:
                log.warning("%s", lost)
                return actions
            except NO_DATABASE:
                log.exception("%s is taken up again when the database can be written to", job)
                return actions
    waiting = Job.objects.filter(lease_id=lease_id, state=JobState.WAITING)
    later = waiting.order_by("not_before", "id").first()
    return [*actions, wake_up(later)] if later else actions


def release_all_leases(*, context: Context) -> None:
    """Release all leases of this worker, as it ends.

    Its running jobs are taken up again; that does not count as an attempt.
    """
    held = Lease.objects.filter(holder__startswith=f"{context.worker}/")
    with transaction.atomic():
        Job.objects.filter(state=JobState.RUNNING, lease__in=held).update(
            attempts=F("attempts") - 1
        )
        held.update(holder="", expires_at=None)


def _next(lease_id: int, now: datetime) -> Job | None:
    """Return the oldest due job; one that runs although nobody holds the lease is due, too."""
    jobs = Job.objects.filter(due(now), lease_id=lease_id, state__in=OPEN)
    return jobs.order_by("id").first()


def _run_job(job: Job, lease: Lease, handlers: Handlers, context: Context) -> list[Action]:
    job.refresh_from_db()
    if job.state not in OPEN:
        return []  # another worker did it before the lease was ours
    claim = Claim(job, lease, context, partial(enter_step, job.pk, context=context))
    try:
        handler, payload = handlers[JobKind(job.kind)], payload_of(job)
    except ValueError as error:
        return _fail(claim, f"Another version of Ocim wrote {job}: {error}", list)
    on_failure = partial(handler.on_failure, claim, payload)
    _begin(claim)
    try:
        if job.cancel_requested:
            raise Cancelled("Cancelled.")  # noqa: TRY301 - one way out for all failures
        if job.attempts > context.policy.job_attempts:
            raise OcimError(  # noqa: TRY301 - one way out for all failures
                f"The job's worker died {plural(job.attempts - 1, 'time')}.",
                remedy="See the worker's log, then request it again.",
            )
        with stopping.scope(_reason_to_end(claim), outermost=True):
            actions = handler.run(claim, payload)
    except (LostClaim, *NO_DATABASE):
        raise
    except NotYet as wait:
        move_job(job, JobState.WAITING, lease=lease, not_before=wait.moment, attempts=0)
        return []
    except OcimError as error:
        return _fail(claim, explained(error, job.instance_id, context), on_failure)
    except Exception:
        log.exception("%s failed with an unexpected error", job)
        reason = "An unexpected error ended the job. See the worker's log."
        return _fail(claim, reason, on_failure)
    with transaction.atomic():
        move_job(job, JobState.DONE, lease=lease, ended_at=context.now())
        audit.record(AuditAction.JOB_DONE, job)
    return actions


def _begin(claim: Claim) -> None:
    job, lease, now = claim.job, claim.lease, claim.context.now()
    if job.state == JobState.RUNNING:
        move_job(job, JobState.WAITING, lease=lease)
    fields = {"attempts": F("attempts") + 1, "not_before": None}
    move_job(job, JobState.RUNNING, lease=lease, step="", step_at=now, seen_at=now, **fields)


def _reason_to_end(claim: Claim) -> Callable[[], OcimError | None]:
    """Return a function that returns why the job shall end now, and records that it was asked."""
    job, lease, context = claim.job, claim.lease, claim.context
    deadline = time.monotonic() + context.policy.job_timeout
    ours = Job.objects.filter(pk=job.pk, lease__fence=lease.fence)
    validity = _Validity(lease, context)

    def reason() -> OcimError | None:
        try:
            row = ours.values_list("cancel_requested", "lease__expires_at").first()
            ours.filter(seen_at__lt=context.now() - SIGN_OF_LIFE).update(seen_at=context.now())
        except NO_DATABASE:
            return validity.fault()
        if row is None:
            return LostClaim(f"Another worker claimed {lease}.")
        cancelled, expires_at = row
        validity.extend(expires_at)
        if cancelled:
            return Cancelled("Cancelled.")
        if time.monotonic() > deadline:
            return stopping.Ended(
                f"The job took over {context.policy.job_timeout:g} s, and was ended.",
                remedy="See the step that it was at, or raise OCIM_JOB_TIMEOUT.",
            )
        return None

    return reason


class _Validity:
    """The time until which a lease is surely this worker's, without a database to ask.

    It is measured by this machine's own clock, which nobody sets. The last third of a lease is
    kept for the end of what the job has started: after that another worker may claim it.
    """

    def __init__(self, lease: Lease, context: Context) -> None:
        self._name = f"lease {lease.pk}"
        self._context = context
        self.extend(lease.expires_at)

    def extend(self, expires_at: datetime | None) -> None:
        """Take the end that the database has now."""
        left = (expires_at - self._context.now()).total_seconds() if expires_at else 0.0
        self._end = time.monotonic() + left - self._context.policy.lease / 3

    def fault(self) -> LostClaim | None:
        """Return why the job must end if the lease may expire; None: it goes on, and asks again."""
        if time.monotonic() < self._end:
            return None
        return LostClaim(f"The database does not answer, so {self._name} cannot be renewed.")


def _fail(claim: Claim, reason: str, on_failure: Callable[[], list[Action]]) -> list[Action]:
    error = mask_of_job(claim.job)(reason)
    ended_at = claim.context.now()
    with transaction.atomic():
        move_job(claim.job, JobState.FAILED, lease=claim.lease, error=error, ended_at=ended_at)
        audit.record(AuditAction.JOB_FAIL, claim.job, after={"error": error})
        return on_failure()
