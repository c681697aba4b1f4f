"""Checks of jobs that no worker does, and of app servers that no job will finish."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, OuterRef, Q

from ocim.core.actions import Action
from ocim.core.states import UNFINISHED, JobState
from ocim.operations import jobs
from ocim.operations.context import Context
from ocim.operations.findings import Finding
from ocim.store.claims import unheld
from ocim.store.models import Job, OpenEdXAppServer

SLOW = timedelta(minutes=1)
"""Time after which a job that no worker has started counts as forgotten."""


def check_jobs(context: Context) -> Iterator[Finding]:
    """Yield jobs that no worker runs or starts, and jobs that cannot be ended."""
    now = context.now()
    free = unheld(now, context.policy.lease, lease="lease__")
    unended = Job.objects.filter(free).select_related("lease").order_by("id")
    for job in unended.filter(state=JobState.RUNNING):
        yield Finding(
            "error",
            "Its worker is gone, and no other worker has taken it over.",
            "`ocim doctor --fix` queues it again.",
            f"{job} of {job.lease.target}",
            partial(_wake_up, job),
        )
    for job in jobs.stuck(context=context):
        yield Finding(
            "error",
            jobs.why_stuck(job),
            "It cannot be cancelled. Restart its worker"
            f" ({job.lease.holder.partition('/')[0]}): another one takes it over.",
            f"{job} of {job.lease.target}",
        )
    due = Q(not_before=None, created__lt=now - SLOW) | Q(not_before__lt=now - SLOW)
    for job in unended.filter(due, state=JobState.WAITING):
        yield Finding(
            "warning",
            f"No worker has started it since {job.not_before or job.created:%Y-%m-%d %H:%M} UTC.",
            f"Start a worker: HUEY_QUEUE_NAME={job.queue} ocim worker",
            f"{job} of {job.lease.target}",
            partial(_wake_up, job),
        )


def check_appservers(_context: Context) -> Iterator[Finding]:
    """Yield app servers that no job will finish, and active ones that are not healthy."""
    working = Job.objects.filter(
        instance=OuterRef("instance"), state__in=(JobState.WAITING, JobState.RUNNING)
    )
    stuck = OpenEdXAppServer.objects.filter(~Exists(working), state__in=UNFINISHED)
    for appserver in stuck.select_related("instance").order_by("id"):
        yield Finding(
            "error",
            f"It is {appserver.state}, and no job will finish it.",
            f"Destroy it (ocim appserver terminate {appserver.pk}) and spawn another.",
            f"{appserver} of {appserver.instance}",
        )
    for appserver in OpenEdXAppServer.objects.filter(is_active=True).select_related("instance"):
        if appserver.unhealthy_since:
            yield _unhealthy(appserver, appserver.unhealthy_since)


def _unhealthy(appserver: OpenEdXAppServer, since: datetime) -> Finding:
    last = appserver.events.filter(created_at__gte=since).order_by("-id").first()
    done = f" It {last.kind}: {last.reason}" if last else ""
    return Finding(
        "error",
        f"Since {since:%Y-%m-%d %H:%M} UTC: {appserver.unhealthy_reason}.{done}",
        f"Look into its log (ocim appserver logs {appserver.pk}), or replace it:"
        f" ocim appserver spawn {appserver.instance_id} --activate",
        f"{appserver} of {appserver.instance}",
    )


def _wake_up(job: Job) -> list[Action]:
    return [jobs.wake_up(job)]
