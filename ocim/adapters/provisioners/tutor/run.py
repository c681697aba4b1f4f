"""One run of Tutor on a host: its tasks, then its containers."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ocim.adapters.docker_projects import Project
from ocim.adapters.provisioners.tutor import elsewhere, serving
from ocim.adapters.provisioners.tutor.follow import Follower, Stopped
from ocim.adapters.provisioners.tutor.jobs import Jobs, image_ids
from ocim.adapters.provisioners.tutor.record import Record
from ocim.adapters.provisioners.tutor.rendering import Rendered
from ocim.catalog.tutor.operators import PREFIX
from ocim.catalog.tutor.tasks import migration_texts, migrations_tasks, own_tasks
from ocim.core.errors import TransientError
from ocim.core.provisioning import MigrationTexts, Part, ProvisionJob, ProvisionOutcome

RENDER = "render the settings"
START = "start the containers"
MASTER_KEY = f"{PREFIX}MEILISEARCH_MASTER_KEY"
_JOB = "-job"
# uWSGI ends each connection after its answer and does not say so, but Tutor's web server keeps
# connections: a form that it sends on one that has just ended is lost, with status 502.
_ENVIRONMENT = {"UWSGI_ADD_HEADER": "Connection: close"}


class Run:
    """One run on a host, whose files are rendered."""

    def __init__(
        self, job: ProvisionJob, project: Project, rendered: Rendered, follower: Follower
    ) -> None:
        self._job = job
        self._project = project
        self._rendered = rendered
        self._follower = follower
        self._record = Record(rendered.root)
        self._jobs = Jobs(project, rendered, follower)
        self._migrations: dict[str, MigrationTexts] = {}

    def outcome(self, seconds: float) -> ProvisionOutcome:
        """Run everything, and return how it ended. No task goes on afterwards.

        `seconds`: how long it took to render.
        """
        try:
            try:
                self._fit_in(seconds)
                self._jobs.wait_for_earlier()
                failed, message = self._steps()
            finally:
                self._jobs.remove()
        except Stopped as stopped:
            failed, message = self._follower.task, str(stopped)
            self._follower.result(failed, "failed", 0.0, message)
        return ProvisionOutcome(
            ok=not failed,
            failed_task=failed,
            message=message,
            changed=self._follower.changed,
            migrations=self._migrations,
        )

    def _fit_in(self, seconds: float) -> None:
        """Fit what was rendered into the host: its network, its limits, its directories."""
        rendered, variables = self._rendered, self._job.variables
        services = list(rendered.all_services())
        rendered.write_override(self._project.override(services, _ENVIRONMENT))
        is_dry_run = self._job.part is Part.MIGRATIONS
        shared = {} if is_dry_run else serving.shared(variables)
        if self._project.engine_root:
            elsewhere.place(rendered, shared, self._project, dict(self._follower.environment))
        else:
            serving.make_directories(rendered, shared)
        is_new = self._record.note("settings", rendered.digest)
        self._follower.result(RENDER, "changed" if is_new else "ok", seconds)

    def _steps(self) -> tuple[str, str]:
        """Run all tasks; return the one that failed, and why. Both are empty if none did."""
        is_dry_run = self._job.part is Part.MIGRATIONS
        makes_key = MASTER_KEY in self._job.variables
        tasks = own_tasks(self._rendered.tasks, makes_key=makes_key)
        if is_dry_run:
            services = [name.removesuffix(_JOB) for name in self._rendered.jobs()]
            tasks = migrations_tasks(services)
        ids = image_ids(self._rendered.images(), dict(self._follower.environment))
        for name, image in ids.items():
            self._follower.say(f"Image {name} is {image}.")
        for number, task in enumerate(tasks, 1):
            self._follower.begin(task.name)
            started = time.monotonic()
            image = self._rendered.all_services()[f"{task.service}{_JOB}"]["image"]
            done = (self._rendered.digest, ids.get(image, ""), task.name, task.script)
            if not is_dry_run and self._record.has(task.name, done):
                self._follower.result(task.name, "ok", time.monotonic() - started)
                continue
            ended = self._jobs.run(task, number)
            seconds = time.monotonic() - started
            if is_dry_run:
                self._migrations[task.service] = migration_texts(ended.output)
            if ended.status:
                self._follower.result(task.name, "failed", seconds, ended.message)
                return task.name, ended.message
            self._record.note(task.name, done)
            self._follower.result(task.name, "changed", seconds)
        return ("", "") if is_dry_run else self._start()

    def _start(self) -> tuple[str, str]:
        self._follower.begin(START)
        started = time.monotonic()
        before = self._jobs.containers()
        ended = self._jobs.up(START)
        seconds = time.monotonic() - started
        if ended.status:
            self._follower.result(START, "failed", seconds, ended.message)
            return START, ended.message
        is_new = self._jobs.containers() != before
        self._follower.result(START, "changed" if is_new else "ok", seconds)
        return "", ""


@contextmanager
def only_run(root: Path) -> Iterator[None]:
    """Keep other processes from running on the host meanwhile; its tasks may outlive this one."""
    with (root / "ocim.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TransientError(
                f"Another run still goes on in {root}.", remedy="Try again later."
            ) from None
        yield
