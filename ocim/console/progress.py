"""Watching work that workers do, as somebody who waits for it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.status import Status

from ocim.console.output import Output
from ocim.core.errors import OcimError
from ocim.core.states import JobState
from ocim.store.models import Job, LogEntry
from ocim.store.selectors import live_workers, open_jobs
from ocim.wiring import context

PAUSE = 0.3
"""Seconds between two looks into the database."""


def follow(job: Job, out: Output) -> None:
    """Show the log until the job has ended; OcimError where it failed.

    Interrupting it stops the watching, and not the work.
    """
    warn_without_worker(job.queue, out)
    appservers: list[int] = job.arguments.get("appservers", [])
    last = LogEntry.objects.filter(appserver__in=appservers).order_by("-id").first()
    seen = last.pk if last and job.kind != "spawn" else 0
    with _status(out) as show:
        while True:
            waiting = open_jobs(job.instance_id).filter(pk=job.pk).exists()
            lines = LogEntry.objects.filter(appserver__in=appservers, pk__gt=seen).order_by("id")
            for line in lines:
                seen = line.pk
                _tell(line, out, show)
            if not waiting:
                break
            time.sleep(PAUSE)
    job.refresh_from_db()
    if job.state == JobState.FAILED:
        raise OcimError(job.error)


def warn_without_worker(queue: str, out: Output) -> None:
    """Say so where nobody will do what was asked for, and how to start somebody."""
    if not live_workers(context().now(), queue).exists():
        out.say(
            f"No worker is alive for the queue {queue}: this waits until there is one. "
            f"Start one with: HUEY_QUEUE_NAME={queue} ocim worker",
            style="yellow",
        )


def _tell(line: LogEntry, out: Output, show: Callable[[str], None]) -> None:
    if line.task and line.level in ("debug", "info"):
        show(line.task)
        return
    style = {"error": "red", "warning": "yellow"}.get(line.level, "")
    out.say(f"{line.time:%H:%M:%S} app server {line.appserver_id}: {line.text}", style=style)


@contextmanager
def _status(out: Output) -> Iterator[Callable[[str], None]]:
    """Where a person looks: a line that shows the present task, and how long it all takes."""
    if out.as_json or not out.is_terminal:
        yield lambda _task: None
        return
    started = time.monotonic()
    with Status("waiting for a worker", console=out.console) as status:
        yield lambda task: status.update(f"{time.monotonic() - started:3.0f} s  {task}")
