"""Values that several pages show: addresses, open jobs, variables, missing workers."""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils import timezone

from ocim.core.states import JobState
from ocim.core.variables import Effective, Leaf
from ocim.operations import jobs
from ocim.store import selectors, specs
from ocim.store.models import Job, OpenEdXInstance
from ocim.wiring import context


def site_url(instance: OpenEdXInstance) -> str:
    """Return the URL of the instance's LMS."""
    return specs.site_url(instance, context().policy)


def doing(job: Job) -> str:
    """Return what the job does, in words; a job that has not started yet is "Waiting: …"."""
    text = jobs.description(job)
    return text if job.state == JobState.RUNNING else f"Waiting: {text[0].lower()}{text[1:]}"


def job_rows(open_jobs: Sequence[Job]) -> list[dict[str, object]]:
    """Return the rows of `_jobs.html`: each job, what it does, and why it is stuck if it is."""
    stuck_jobs = jobs.stuck(context=context()) if open_jobs else ()
    stuck = {job.pk: jobs.why_stuck(job) for job in stuck_jobs}
    return [{"job": job, "text": doing(job), "stuck": stuck.get(job.pk)} for job in open_jobs]


def by_layer(variables: Effective) -> list[tuple[str, list[Leaf]]]:
    """Return the variables by layer; a layer overrides those after it."""
    return [
        (layer, [leaf for leaf in variables.leaves if leaf.layer == layer])
        for layer in reversed(variables.layers)
    ]


def lacks_worker(queue: str = "") -> bool:
    """Return True if no worker of the queue is alive, so that new jobs wait."""
    queue = queue or settings.OCIM.queue_name
    return not selectors.live_workers(timezone.now(), queue).exists()


def busy_appservers(open_jobs: Iterable[Job]) -> set[int]:
    """Return the ids of the app servers that the jobs work on."""
    return {pk for job in open_jobs for pk in jobs.appservers_of(job)}
