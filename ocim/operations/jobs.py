"""Jobs: written down first, worked off one at a time per instance, taken up again after a death."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db.models import F, Q, QuerySet

from ocim.core import stopping
from ocim.core.actions import Action, WorkOn
from ocim.core.errors import Cancelled, Conflict, LostClaim, OcimError
from ocim.core.states import JobState
from ocim.operations.context import Context
from ocim.operations.masking import mask_of_instance
from ocim.store.claims import claim_lease, move_job, release_lease, unheld
from ocim.store.models import Job, Lease

log = logging.getLogger(__name__)


class NotYet(Exception):
    """Raised by a job that cannot be done before `moment`."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(moment)
        self.moment = moment


@dataclass(frozen=True, slots=True)
class Kind:
    """How jobs of a kind are done, and what is put right when one ends in failure."""

    run: Callable[[Job, Lease, Context], list[Action]]
    on_failure: Callable[[Job, Lease, Context], list[Action]] = lambda _job, _lease, _context: []


Kinds = Mapping[str, Kind]
NO_DATABASE = (OperationalError, InterfaceError)
"""It is gone, or cannot write now: no fault of the job."""
OPEN = (JobState.WAITING, JobState.RUNNING)
SIGN_OF_LIFE = timedelta(seconds=15)
"""How often it is written down, at most, that a job's thread asks whether it shall end."""
STUCK = timedelta(minutes=5)
"""All that a job waits for has it ask every few seconds: one that has not for so long is stuck."""


def submit(
    *,
    instance_id: int,
    kind: str,
    queue: str,
    arguments: Mapping[str, object] | None = None,
    creator_id: int | None = None,
) -> Job:
    """Write a job down. `nudge(job)` is the action that gets it going, after the commit."""
    return Job.objects.create(
        instance_id=instance_id,
        kind=kind,
        queue=queue,
        arguments=dict(arguments or {}),
        creator_id=creator_id,
    )


def wake_up(job: Job) -> WorkOn:
    """The action that makes a worker look at the job's instance."""
    return WorkOn(job.instance_id, job.queue, job.not_before)


def cancel(*, job_id: int) -> None:
    """Ask for a job's end: it fails within seconds, as docs/reference/time-limits.md says.

    Conflict where it is over.
    """
    if not Job.objects.filter(pk=job_id, state__in=OPEN).update(cancel_requested=True):
        raise Conflict(f"Job {job_id} is over, or never was.")


def run_pending_jobs(
    *, instance_id: int, queue: str, kinds: Kinds, context: Context
) -> list[Action]:
    """Do the jobs that wait on the instance, oldest first; return what is to be done next.

    Where another worker holds the instance, nothing is done: the holder looks again after it has
    given the instance back.
    """
    actions: list[Action] = []
    while job := _next(instance_id, context.now()):
        if job.queue != queue:
            return [*actions, wake_up(job)]
        lease = claim_lease(
            instance_id,
            worker=context.worker,
            now=context.now(),
            seconds=context.policy.lease,
        )
        if lease is None:
            return actions
        try:
            actions += _run_job(job, lease, kinds, context)
        except LostClaim as lost:
            log.warning("%s", lost)
            return actions
        except NO_DATABASE:
            log.exception("%s is taken up again when the database can be written to", job)
            return actions
        finally:
            _give_back(lease, context)
    waiting = Job.objects.filter(instance_id=instance_id, state=JobState.WAITING)
    later = waiting.order_by("not_before", "id").first()
    return [*actions, wake_up(later)] if later else actions


def abandoned(*, context: Context) -> list[WorkOn]:
    """Nudges for every instance whose worker died over a job."""
    return _wake_ups(context, JobState.RUNNING)


def unattended(*, context: Context) -> list[WorkOn]:
    """Nudges for every instance with work that is due and that no live worker holds."""
    return _wake_ups(context, *OPEN)


def release_all_leases(*, context: Context) -> None:
    """Give back all that this worker holds, as it ends.

    What it was at is taken up again, and does not count as an attempt.
    """
    held = Lease.objects.filter(holder__startswith=f"{context.worker}/")
    with transaction.atomic():
        Job.objects.filter(state=JobState.RUNNING, instance__lease__in=held).update(
            attempts=F("attempts") - 1
        )
        held.update(holder="", expires_at=None)


def _wake_ups(context: Context, *states: JobState) -> list[WorkOn]:
    now = context.now()
    free = Q(instance__lease__isnull=True) | unheld(
        now, context.policy.lease, lease="instance__lease__"
    )
    jobs = Job.objects.filter(free, _due(now), state__in=states).order_by("-id")
    return list({job.instance_id: wake_up(job) for job in jobs}.values())


def _next(instance_id: int, now: datetime) -> Job | None:
    """The oldest job that is due; one that runs although nobody holds the lease is due too."""
    due = Job.objects.filter(_due(now), instance_id=instance_id, state__in=OPEN)
    return due.order_by("id").first()


def _due(now: datetime) -> Q:
    return Q(not_before=None) | Q(not_before__lte=now)


def _run_job(job: Job, lease: Lease, kinds: Kinds, context: Context) -> list[Action]:
    kind = kinds[job.kind]
    job.refresh_from_db()
    if job.state not in OPEN:
        return []  # another worker did it before the lease was ours
    _begin(job, lease, context)
    try:
        if job.cancel_requested:
            raise Cancelled("Cancelled.")  # noqa: TRY301 - one way out for all failures
        if job.attempts > context.policy.job_attempts:
            raise OcimError(  # noqa: TRY301 - one way out for all failures
                f"The worker died {job.attempts - 1} times while it did this.",
                remedy="Look into the worker's log, then ask for it again.",
            )
        with stopping.scope(_end_of(job, lease, context), outermost=True):
            actions = kind.run(job, lease, context)
    except (LostClaim, *NO_DATABASE):
        raise
    except NotYet as wait:
        move_job(job, JobState.WAITING, lease=lease, not_before=wait.moment, attempts=0)
        return []
    except OcimError as error:
        return _fail(job, lease, str(error), kind, context)
    except Exception:
        log.exception("%s failed in a way that nobody foresaw", job)
        reason = "An unforeseen error ended this; the worker's log has the details."
        return _fail(job, lease, reason, kind, context)
    move_job(job, JobState.DONE, lease=lease, ended_at=context.now())
    return actions


def _give_back(lease: Lease, context: Context) -> None:
    """Let others have it; without a database, as soon as there is one.

    Until then this worker can do nothing else, and would renew the lease for ever.
    """
    while True:
        try:
            release_lease(lease)
        except NO_DATABASE:
            close_old_connections()
            context.pause(1)
        else:
            return


def _begin(job: Job, lease: Lease, context: Context) -> None:
    if job.state == JobState.RUNNING:
        move_job(job, JobState.WAITING, lease=lease)
    now = context.now()
    fields = {"attempts": F("attempts") + 1, "not_before": None}
    move_job(job, JobState.RUNNING, lease=lease, step="", step_at=now, seen_at=now, **fields)


def enter_step(job_id: int, name: str, context: Context) -> None:
    """Write down what the job is at, for those who wonder why it takes so long."""
    stopping.check()
    Job.objects.filter(pk=job_id).update(step=name, step_at=context.now())


def stuck(*, context: Context) -> "QuerySet[Job]":
    """Return the jobs whose threads have not asked for long whether they shall end.

    Something that they wait for has no limit, and cannot be cancelled; their workers live.
    """
    now = context.now()
    held = ~unheld(now, context.policy.lease, lease="instance__lease__")
    running = Job.objects.filter(held, instance__lease__isnull=False, state=JobState.RUNNING)
    return running.filter(seen_at__lt=now - STUCK).select_related("instance__lease").order_by("id")


def why_stuck(job: Job) -> str:
    """Say what a job is at that is stuck, and since when."""
    return (
        f"It is at {job.step or 'its beginning'} since {job.step_at:%Y-%m-%d %H:%M} UTC, and has"
        f" not asked since {job.seen_at:%H:%M} whether it shall end."
    )


def _end_of(job: Job, lease: Lease, context: Context) -> Callable[[], OcimError | None]:
    """Return what tells why the job shall end now, and notes that its thread has asked."""
    deadline = time.monotonic() + context.policy.job_timeout
    ours = Job.objects.filter(pk=job.pk, instance__lease__fence=lease.fence)

    def end() -> OcimError | None:
        try:
            wanted = ours.values_list("cancel_requested", flat=True).first()
            ours.filter(seen_at__lt=context.now() - SIGN_OF_LIFE).update(seen_at=context.now())
        except NO_DATABASE:
            return None  # it goes on as well as it can, and asks again
        if wanted is None:
            return LostClaim(f"Another worker took over instance {lease.pk}.")
        if wanted:
            return Cancelled("Cancelled.")
        if time.monotonic() > deadline:
            return stopping.Ended(
                f"The job took over {context.policy.job_timeout:g} s, and was ended.",
                remedy="See what it was at, or raise OCIM_JOB_TIMEOUT.",
            )
        return None

    return end


def _fail(job: Job, lease: Lease, reason: str, kind: Kind, context: Context) -> list[Action]:
    error = mask_of_instance(job.instance_id)(reason)
    with transaction.atomic():
        move_job(job, JobState.FAILED, lease=lease, error=error, ended_at=context.now())
        return kind.on_failure(job, lease, context)
