"""Waiting for a job that a worker runs, while its log lines are printed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db.models import Q

from ocim.console.output import Output
from ocim.core.errors import Conflict, OcimError
from ocim.core.job_kinds import JobKind
from ocim.core.states import JobState
from ocim.operations.jobs import OPEN, appservers_of
from ocim.store.models import Job, LogEntry
from ocim.store.selectors import live_workers
from ocim.wiring import current_time

PAUSE = 0.3
"""Seconds between two queries for new log lines."""
NEW_LOGS = (JobKind.SPAWN, JobKind.CREATE_SERVER, JobKind.BUILD_IMAGE)
"""Kinds of jobs whose logs have no lines of earlier jobs."""
Show = Callable[[str], None]
"""Function that shows the current task, on a terminal only."""


def follow(job: Job, out: Output) -> None:
    """Print the log lines of a job, or of its app servers, until it has ended.

    Raise OcimError with the job's error if it failed. Ctrl-C ends the waiting, not the job.
    """
    log = LogEntry.objects.filter(Q(job=job) | Q(appserver__in=appservers_of(job))).order_by("id")
    last = log.last()
    seen = last.pk if last and job.kind not in NEW_LOGS else 0

    def print_new_lines(show: Show) -> None:
        nonlocal seen
        for line in log.filter(pk__gt=seen):
            seen = line.pk
            _tell(line, out, show)

    wait_for(job, out, print_new_lines)


def wait_for(job: Job, out: Output, print_news: Callable[[Show], None]) -> None:
    """Wait until a job has ended; call `print_news` meanwhile, and once more after the end.

    Raise OcimError with the job's error if it failed. Ctrl-C ends the waiting, not the job.
    """
    warn_without_worker(job.queue, out)
    is_open = Job.objects.filter(pk=job.pk, state__in=OPEN)
    with _status(out) as show:
        while is_open.exists():
            print_news(show)
            time.sleep(PAUSE)
        print_news(show)
    try:
        job.refresh_from_db()
    except Job.DoesNotExist as deleted:
        raise Conflict(f"{job} was deleted, together with what it worked on.") from deleted
    if job.state == JobState.FAILED:
        raise OcimError(job.error)


def warn_without_worker(queue: str, out: Output) -> None:
    """Print a warning with the remedy if no worker serves the queue."""
    if not has_worker(queue):
        out.say(
            f"No worker serves queue {queue}: the job waits until one starts."
            f" Start one with: HUEY_QUEUE_NAME={queue} ocim worker",
            style="yellow",
        )


def cancellation_text(queue: str) -> str:
    """Return when the cancellation of a job in the queue takes effect."""
    if has_worker(queue):
        return "Cancellation requested; the job ends within seconds."
    return (
        f"Cancellation requested. No worker serves queue {queue}; it takes effect when one starts."
    )


def has_worker(queue: str) -> bool:
    """Return True if a worker of the queue is alive."""
    return live_workers(current_time(), queue).exists()


def _tell(line: LogEntry, out: Output, show: Show) -> None:
    if line.task and line.level in ("debug", "info"):
        show(line.task)
        return
    style = {"error": "red", "warning": "yellow"}.get(line.level, "")
    source = f"app server {line.appserver_id}: " if line.appserver_id else ""
    out.say(f"{line.time:%H:%M:%S} {source}{line.text}", style=style)


@contextmanager
def _status(out: Output) -> Iterator[Show]:
    """Yield a function that shows the current task and the elapsed time, on a terminal only."""
    if out.as_json or not out.is_terminal:
        yield lambda _task: None
        return
    from rich.status import Status

    started = time.monotonic()
    with Status("waiting for a worker", console=out.console) as status:
        yield lambda task: status.update(f"{time.monotonic() - started:3.0f} s  {task}")
