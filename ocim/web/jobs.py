"""Pages of jobs and of the workers that do them, and of the installation's examinations."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ocim.core.access import FLEET, Right
from ocim.core.errors import OcimError
from ocim.core.job_kinds import in_words
from ocim.core.states import JobState
from ocim.operations import chores, retries
from ocim.operations import jobs as operations
from ocim.presentation.jobs import right_to_cancel, right_to_retry
from ocim.store import selectors
from ocim.store.models import Job, LogEntry
from ocim.tasks import enqueue
from ocim.web.actions import show_error
from ocim.web.describe import lacks_worker
from ocim.web.rights import access, require
from ocim.wiring import context, queue_name

SHOWN = 50
"""Number of jobs on a page."""
LINES = 500
"""Number of lines of a job's log that its page shows."""
OPEN = ",".join(operations.OPEN)
"""The choice of jobs that are not over."""


@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """Show the workers that live, the jobs by queue and state, and the newest jobs."""
    rows = selectors.visible_jobs(access(request))
    state = request.GET.get("state", OPEN)
    before = request.GET.get("before", "")
    chosen = rows.filter(state__in=state.split(",")) if state else rows
    if before.isdecimal() and len(before) <= len(str(2**62)):
        chosen = chosen.filter(pk__lt=int(before))
    listed = list(chosen.order_by("-id")[: SHOWN + 1])
    stuck = {job.pk for job in operations.stuck(context=context())}
    counts = rows.order_by().values("queue", "state").annotate(number=Count("pk", distinct=True))
    shown = {
        "workers": selectors.live_workers(context().now()) if _sees_workers(request) else None,
        "counts": counts.filter(state__in=(*operations.OPEN, JobState.FAILED)).order_by("queue"),
        "rows": [_row(request, job, is_stuck=job.pk in stuck) for job in listed[:SHOWN]],
        "state": state,
        "states": {OPEN: "Open", JobState.FAILED: "Failed", JobState.DONE: "Done", "": "All"},
        "before": listed[SHOWN - 1].pk if len(listed) > SHOWN else None,
        "lacks_worker": lacks_worker(),
    }
    return render(request, "web/jobs.html", shown)


@require_safe
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show a job with its log; that of a job on app servers is on their pages."""
    row = get_object_or_404(selectors.visible_jobs(access(request)), pk=job_id)
    is_open = row.state in operations.OPEN
    shown = {
        **_row(request, row, is_stuck=False),
        "text": operations.description(row),
        "may_retry": not retries.obstacle(row) and right_to_retry(row, access(request)),
        "appservers": operations.appservers_of(row),
        "is_open": is_open,
        "lines": reversed(LogEntry.objects.filter(job=row).order_by("-id")[:LINES]),
        "lacks_worker": is_open and lacks_worker(row.queue),
        "queue": row.queue,
    }
    return render(request, "web/job.html", shown)


@require_POST
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """Request the cancellation of a job."""
    row = get_object_or_404(selectors.visible_jobs(access(request)), pk=job_id)
    if not right_to_cancel(row, access(request)):
        raise PermissionDenied
    try:
        operations.cancel(job_id=row.pk)
        enqueue([operations.wake_up(row)])
        messages.success(request, "Requested: the job ends within seconds.")
    except OcimError as error:
        show_error(request, error)
    return redirect("job", row.pk)


@require_POST
def retry(request: HttpRequest, job_id: int) -> HttpResponse:
    """Request once more what a failed job should have done."""
    row = get_object_or_404(selectors.visible_jobs(access(request)), pk=job_id)
    if not right_to_retry(row, access(request)):
        raise PermissionDenied
    try:
        new = retries.retry(job_id=row.pk, context=context())
        enqueue([operations.wake_up(new)])
    except OcimError as error:
        show_error(request, error)
        return redirect("job", row.pk)
    messages.success(request, f"Requested: this is the retry of job {row.pk}.")
    return redirect("job", new.pk)


@require_safe
def doctor(request: HttpRequest) -> HttpResponse:
    """Show the findings of the latest examination."""
    require(request, Right.CONFIGURE, FLEET)
    latest = chores.latest_examination()
    open_job = selectors.open_jobs(latest).first() if latest else None
    last = selectors.last_job(latest) if latest else None
    findings: list[dict[str, Any]] = latest.findings if latest else []
    shown = {
        "latest": latest,
        "job": open_job,
        "last": last,
        "findings": sorted(findings, key=lambda row: row["severity"] == "ok"),
        "repairable": any(_is_open(row) for row in findings),
        "lacks_worker": bool(open_job) and lacks_worker(),
    }
    return render(request, "web/doctor.html", shown)


@require_POST
def examine(request: HttpRequest) -> HttpResponse:
    """Submit the job that examines the installation, and repairs what was chosen."""
    require(request, Right.CONFIGURE, FLEET)
    try:
        job = chores.request_examination(
            repair=request.POST.getlist("repair"),
            repair_all="all" in request.POST,
            queue=queue_name(),
        )
        enqueue([operations.wake_up(job)])
    except OcimError as error:
        show_error(request, error)
    return redirect("doctor")


def _sees_workers(request: HttpRequest) -> bool:
    """Return True if somebody may see the names of workers and machines."""
    return access(request).may(Right.VIEW, FLEET)


def _is_open(finding: dict[str, Any]) -> bool:
    return finding["is_repairable"] and not finding["is_repaired"]


def _row(request: HttpRequest, job: Job, *, is_stuck: bool) -> dict[str, Any]:
    is_shown = job.state == JobState.RUNNING and _sees_workers(request)
    return {
        "job": job,
        "text": in_words(job.kind),
        "is_stuck": is_stuck,
        "worker": job.lease.holder.partition("/")[0] if is_shown else "",
        "may_cancel": job.state in operations.OPEN
        and not job.cancel_requested
        and right_to_cancel(job, access(request)),
    }
