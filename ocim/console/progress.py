"""Waiting for a job that a worker runs, while its log lines are printed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ocim.console.output import Output
from ocim.core.errors import OcimError
from ocim.core.jobs import JobKind
from ocim.core.states import JobState
from ocim.operations.jobs import appservers_of
from ocim.store.models import Job, LogEntry
from ocim.store.selectors import live_workers, open_jobs
from ocim.wiring import current_time

PAUSE = 0.3
"""Seconds between two queries for new log lines."""
Show = Callable[[str], None]
"""Function that shows the current task, on a terminal only."""


def follow(job: Job, out: Output) -> None:
    """Print the log lines of a job's app servers until it has ended.

    Raise OcimError with the job's error if it failed. Ctrl-C ends the waiting, not the job.
    """
    appservers = appservers_of(job)
    last = LogEntry.objects.filter(appserver__in=appservers).order_by("-id").first()
    seen = last.pk if last and job.kind != JobKind.SPAWN else 0

    def print_new_lines(show: Show) -> None:
        nonlocal seen
        for line in LogEntry.objects.filter(appserver__in=appservers, pk__gt=seen).order_by("id"):
            seen = line.pk
            _tell(line, out, show)

    wait_for(job, out, print_new_lines)


def wait_for(job: Job, out: Output, print_news: Callable[[Show], None]) -> None:
    """Wait until a job has ended; call `print_news` meanwhile, and once more after the end.

    Raise OcimError with the job's error if it failed. Ctrl-C ends the waiting, not the job.
    """
    warn_without_worker(job.queue, out)
    with _status(out) as show:
        while open_jobs(job.instance_id).filter(pk=job.pk).exists():
            print_news(show)
            time.sleep(PAUSE)
        print_news(show)
    job.refresh_from_db()
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


def has_worker(queue: str) -> bool:
    """Return True if a worker of the queue is alive."""
    return live_workers(current_time(), queue).exists()


def _tell(line: LogEntry, out: Output, show: Show) -> None:
    if line.task and line.level in ("debug", "info"):
        show(line.task)
        return
    style = {"error": "red", "warning": "yellow"}.get(line.level, "")
    out.say(f"{line.time:%H:%M:%S} app server {line.appserver_id}: {line.text}", style=style)


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
