"""Jobs: submitted, cancelled, and looked at. `job_runner` does them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from ocim.core import stopping
from ocim.core.actions import WorkOn
from ocim.core.actors import current_actor
from ocim.core.audit import AuditAction
from ocim.core.errors import Conflict
from ocim.core.job_kinds import JobKind, in_words
from ocim.core.job_storage import payload_from_json, progress_from_json, to_json
from ocim.core.jobs import (
    Payload,
    RecoverJob,
    RecoveryProgress,
    SetUpJob,
    SpawnJob,
    SuperuserJob,
    UpgradeJob,
    UpgradeProgress,
    VerifyJob,
)
from ocim.core.states import JobState
from ocim.operations.audit import record
from ocim.operations.context import Context
from ocim.store.claims import unheld
from ocim.store.models import Job, Leased, OpenEdXAppServer, OpenEdXInstance, Upgrade
from ocim.store.selectors import open_jobs

OPEN = (JobState.WAITING, JobState.RUNNING)
"""The states of jobs that are not over."""
STUCK = timedelta(minutes=5)
"""A job's thread asks every few seconds whether it shall end; after this silence it is stuck."""
RECORDED: Mapping[JobKind, AuditAction] = {
    JobKind.SPAWN: AuditAction.APPSERVER_SPAWN,
    JobKind.ACTIVATE: AuditAction.APPSERVER_ACTIVATE,
    JobKind.DEACTIVATE: AuditAction.APPSERVER_DEACTIVATE,
    JobKind.TERMINATE: AuditAction.APPSERVER_TERMINATE,
    JobKind.ARCHIVE: AuditAction.INSTANCE_ARCHIVE,
    JobKind.RETAIN: AuditAction.APPSERVER_EXPIRE,
    JobKind.RECOVER: AuditAction.APPSERVER_RESTART,
    JobKind.UPGRADE: AuditAction.ROLLOUT_UPGRADE_INSTANCE,
    JobKind.UNDO: AuditAction.ROLLOUT_UNDO_INSTANCE,
    JobKind.RESTORE: AuditAction.INSTANCE_RESTORE_DATABASES,
    JobKind.CLONE: AuditAction.INSTANCE_COPY_DATABASES,
    JobKind.SET_UP: AuditAction.SERVICES_SET_UP,
    JobKind.VERIFY: AuditAction.SERVICES_VERIFY,
    JobKind.SUPERUSER: AuditAction.INSTANCE_CHANGE_SUPERUSER,
    JobKind.CREATE_SERVER: AuditAction.SERVER_CREATE,
    JobKind.BUILD_IMAGE: AuditAction.IMAGE_BUILD,
    JobKind.EXAMINE: AuditAction.INSTALLATION_EXAMINE,
    JobKind.START_HOSTS: AuditAction.HOST_START,
    JobKind.STOP_HOSTS: AuditAction.HOST_STOP,
}
"""The words under which a request for a job of each kind is recorded."""


def submit(*, target: Leased, payload: Payload, queue: str, creator_id: int | None = None) -> Job:
    """Store a job on an instance or a shared server, and record who asked for it.

    `wake_up(job)` is the action that starts it, to be enqueued after the commit.
    """
    actor = current_actor()
    with transaction.atomic():
        job = Job.objects.create(
            lease_id=target.lease_id,
            instance=target if isinstance(target, OpenEdXInstance) else None,
            kind=payload.kind,
            queue=queue,
            arguments=to_json(payload),
            creator_id=creator_id or actor.user_id,
            requested_by=actor.name[:250],
        )
        record(RECORDED[payload.kind], target, after={"job": job.pk, **to_json(payload)})
    return job


def wake_up(job: Job) -> WorkOn:
    """Return the action that makes a worker look for jobs under the job's lease."""
    return WorkOn(job.lease_id, job.queue, job.not_before)


def cancel(*, job_id: int) -> None:
    """Request a job's cancellation: it fails within seconds, see docs/reference/time-limits.md.

    Raise Conflict if the job is over.
    """
    with transaction.atomic():
        if not Job.objects.filter(pk=job_id, state__in=OPEN).update(cancel_requested=True):
            raise Conflict(f"Job {job_id} is over or does not exist.")
        record(AuditAction.JOB_CANCEL, Job.objects.get(pk=job_id))


def cancel_of_appserver(appserver: OpenEdXAppServer) -> list[Job]:
    """Request the cancellation of every open job of an app server. Return the jobs.

    Raise Conflict if it has none.
    """
    affected = [job for job in open_jobs(appserver.instance) if appserver.pk in appservers_of(job)]
    if not affected:
        raise Conflict(f"App server {appserver.pk} has no open job to cancel.")
    for job in affected:
        cancel(job_id=job.pk)
    return affected


def payload_of(job: Job) -> Payload:
    """Return what the job is asked to do."""
    return payload_from_json(job.kind, job.arguments)


def appservers_of(job: Job) -> tuple[int, ...]:
    """Return the ids of the app servers that the job works on; none if it cannot be read."""
    try:
        payload, progress = payload_of(job), progress_from_json(job.kind, job.memory)
    except ValueError:
        return ()  # another version of Ocim wrote it
    match payload, progress:
        case RecoverJob(appserver=appserver), RecoveryProgress(fallback=fallback):
            return (appserver,) if fallback is None else (appserver, fallback)
        case (SetUpJob() | VerifyJob() | SuperuserJob()) as job_on_one, _:
            return (job_on_one.appserver,)
        case UpgradeJob(), UpgradeProgress(started=False):
            return ()  # the recorded ones are an earlier attempt's
        case UpgradeJob(upgrade=upgrade), _:
            made = Upgrade.objects.filter(pk=upgrade).values_list("appservers", flat=True).first()
            return tuple(made or ())
        case _:
            return getattr(payload, "appservers", ())


def description(job: Job) -> str:
    """Return what the job does, in words."""
    appservers = appservers_of(job)
    activate = bool(appservers) and payload_of(job) == SpawnJob(appservers, activate=True)
    return in_words(job.kind, appservers, activate=activate)


def enter_step(job_id: int, name: str, context: Context) -> None:
    """Record the step that the job begins. Raise what ends the job if it shall end."""
    stopping.check()
    Job.objects.filter(pk=job_id).update(step=name, step_at=context.now())


def abandoned(*, context: Context) -> list[WorkOn]:
    """Return the actions that wake up every job whose worker died."""
    return _wake_ups(context, JobState.RUNNING)


def unattended(*, context: Context) -> list[WorkOn]:
    """Return the actions that wake up due jobs that no live worker holds, one per lease."""
    return _wake_ups(context, *OPEN)


def _wake_ups(context: Context, *states: JobState) -> list[WorkOn]:
    now = context.now()
    free = unheld(now, context.policy.lease, lease="lease__")
    jobs = Job.objects.filter(free, due(now), state__in=states).order_by("-id")
    return list({job.lease_id: wake_up(job) for job in jobs}.values())


def due(now: datetime) -> Q:
    """Return the condition for jobs that may begin now."""
    return Q(not_before=None) | Q(not_before__lte=now)


def stuck(*, context: Context) -> "QuerySet[Job]":
    """Return the jobs whose threads have not asked for long whether they shall end.

    Something that they wait for has no limit, and cannot be cancelled; their workers live.
    """
    now = context.now()
    held = ~unheld(now, context.policy.lease, lease="lease__")
    running = Job.objects.filter(held, state=JobState.RUNNING)
    return running.filter(seen_at__lt=now - STUCK).select_related("lease").order_by("id")


def why_stuck(job: Job) -> str:
    """Return which step a stuck job is at, and since when."""
    return (
        f"It is at {job.step or 'its beginning'} since {job.step_at:%Y-%m-%d %H:%M} UTC, and has"
        f" not asked since {job.seen_at:%H:%M} whether it shall end."
    )
