"""The provisioner that lets Tutor configure an app server in containers."""

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ocim.adapters.docker_projects import Project, engine_environment
from ocim.adapters.provisioners.run_directory import (
    remove_abandoned,
    run_directory,
    runs_directory,
)
from ocim.adapters.provisioners.tutor import serving
from ocim.adapters.provisioners.tutor.environments import TutorEnvironments
from ocim.adapters.provisioners.tutor.follow import Follower, Stopped
from ocim.adapters.provisioners.tutor.jobs import Jobs, image_ids, require_compose
from ocim.adapters.provisioners.tutor.record import Record
from ocim.adapters.provisioners.tutor.rendering import Rendered, render
from ocim.adapters.sandbox import Sandbox
from ocim.catalog.releases import traits
from ocim.catalog.secrets.masking import masker
from ocim.catalog.tutor.checks import faults, release_in
from ocim.catalog.tutor.configuration import configuration
from ocim.catalog.tutor.operators import PREFIX
from ocim.catalog.tutor.patches import plugin
from ocim.catalog.tutor.tasks import migration_texts, migrations_tasks, own_tasks
from ocim.core.errors import Conflict, TransientError, ValidationError
from ocim.core.hosts import Isolation
from ocim.core.provisioning import (
    TUTOR,
    ConfigurationSource,
    MigrationTexts,
    Part,
    ProvisionEvent,
    ProvisionJob,
    ProvisionOutcome,
)

RENDER = "render the settings"
START = "start the containers"
MASTER_KEY = f"{PREFIX}MEILISEARCH_MASTER_KEY"
_NOWHERE = "127.0.0.1"
_JOB = "-job"


class TutorProvisioner:
    """A provisioner that renders with Tutor, and runs what it rendered on a Docker engine.

    `locks`: directory of the lock files. `cache`: a directory that may be emptied while nothing
    runs. `engine`: address of the Docker engine. `plugins`: plugins that
    instances may have.
    """

    kind = TUTOR

    def __init__(
        self,
        *,
        locks: Path,
        cache: Path,
        engine: str,
        plugins: tuple[str, ...],
        sandbox: Sandbox,
    ) -> None:
        self._environments = TutorEnvironments(locks, cache, sandbox)
        self._engine = engine
        self._plugins = plugins
        self._sandbox = sandbox
        self._runs = runs_directory(cache / "runs")

    def isolation(self) -> Isolation:
        return Isolation(
            "none",
            "Tutor renders without seeing the manager's files, but commands the engine: whoever"
            " chooses an app server's images decides what that runs.",
        )

    def check(self, job: ProvisionJob) -> ConfigurationSource:
        major = self._require_runnable(job)
        remove_abandoned(self._runs)
        with run_directory(self._runs) as directory:
            root = directory / "root"
            root.mkdir()
            rendered = self._render(job, root, project=job.host.name, address=_NOWHERE)
            names = rendered.images()
        environment = engine_environment(self._engine)
        require_compose(environment)
        present = image_ids(names, environment)
        if missing := [name for name in names if name not in present]:
            raise ValidationError(
                [f"The Docker engine has no image {name}." for name in missing],
                remedy="Pull it with `docker pull`, or name another one (TUTOR_DOCKER_IMAGE_…).",
            )
        return ConfigurationSource(TUTOR, self.version(major), "")

    def has_one_port(self, source: ConfigurationSource) -> bool:
        return True

    def image_inputs(self, job: ProvisionJob) -> Mapping[str, str]:
        raise Conflict("There are no images for app servers of Tutor: they start from its images.")

    def provision(
        self,
        job: ProvisionJob,
        *,
        on_event: Callable[[ProvisionEvent], None],
        is_cancelled: Callable[[], bool],
    ) -> ProvisionOutcome:
        self._require_runnable(job)
        if job.part in (Part.IMAGE, Part.INSTANCE):
            self.image_inputs(job)
        with _only_run(Path(job.host.root)):
            project = Project.read(job.host.root)
            values = self._configuration(job, project.name, project.address)
            follower = Follower(
                job,
                {**job.host.connection.environment},
                masker([values, job.variables]),
                on_event,
                is_cancelled,
            )
            return _Run(self, job, project, follower).outcome()

    def rendered(self, job: ProvisionJob, project: Project) -> Rendered:
        """Render the app server's files into its directory."""
        return self._render(job, Path(job.host.root), project=project.name, address=project.address)

    def _render(self, job: ProvisionJob, root: Path, *, project: str, address: str) -> Rendered:
        with self._environments.environment(self._major(job)) as environment:
            return render(
                root,
                self._configuration(job, project, address),
                plugin(job.variables, dry_run=job.part is Part.MIGRATIONS),
                environment=environment,
                sandbox=self._sandbox,
            )

    def _configuration(self, job: ProvisionJob, project: str, address: str) -> Mapping[str, object]:
        return configuration(job.variables, project=project, address=address)

    def version(self, major: int) -> str:
        """Return the exact version of the Tutor of that major."""
        return self._environments.locked(major).version

    def _require_runnable(self, job: ProvisionJob) -> int:
        """Return the major of its Tutor; raise ValidationError with everything that is wrong."""
        major = self._major(job)
        if problems := faults(job.variables, major, allowed=self._plugins):
            raise ValidationError(problems)
        return major

    def _major(self, job: ProvisionJob) -> int:
        release = release_in(job.variables)
        major = traits(release).tutor
        if major is None:
            raise ValidationError(
                [f"Ocim knows no Tutor for the release {release.text}."],
                remedy="Choose a release since sumac, or the provisioner ansible.",
            )
        return major


class _Run:
    """One run on a host."""

    def __init__(
        self, provisioner: TutorProvisioner, job: ProvisionJob, project: Project, follower: Follower
    ) -> None:
        self._job = job
        self._project = project
        self._follower = follower
        self._record = Record(Path(job.host.root))
        self._rendered = self._render(provisioner)
        self._jobs = Jobs(project, self._rendered, follower)
        self._migrations: dict[str, MigrationTexts] = {}

    def outcome(self) -> ProvisionOutcome:
        """Run everything, and return how it ended. No task goes on afterwards."""
        try:
            try:
                self._jobs.wait_for_earlier()
                failed, message = self._steps()
            finally:
                self._jobs.remove()
        except Stopped as stopped:
            failed, message = self._task, str(stopped)
            self._follower.result(failed, "failed", 0.0, message)
        return ProvisionOutcome(
            ok=not failed,
            failed_task=failed,
            message=message,
            changed=self._follower.changed,
            migrations=self._migrations,
        )

    def _render(self, provisioner: TutorProvisioner) -> Rendered:
        started = time.monotonic()
        self._begin(RENDER)
        rendered = provisioner.rendered(self._job, self._project)
        rendered.write_override(self._project.override(list(rendered.all_services())))
        serving.make_directories(
            rendered,
            {} if self._job.part is Part.MIGRATIONS else serving.shared(self._job.variables),
        )
        is_new = self._record.note("settings", rendered.digest)
        seconds = time.monotonic() - started
        self._follower.result(RENDER, "changed" if is_new else "ok", seconds)
        return rendered

    def _begin(self, task: str) -> None:
        self._task = task
        self._follower.say(f"task: {task}", level="debug", task=task)

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
            self._begin(task.name)
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
        self._begin(START)
        started = time.monotonic()
        before = self._jobs.containers()
        ended = self._follower.run(
            self._project.compose(
                self._rendered.compose_files,
                *("up", "--detach", "--remove-orphans", "--pull", "never"),
                *self._rendered.serving(),
            ),
            task=START,
        )
        seconds = time.monotonic() - started
        if ended.status:
            self._follower.result(START, "failed", seconds, ended.message)
            return START, ended.message
        is_new = self._jobs.containers() != before
        self._follower.result(START, "changed" if is_new else "ok", seconds)
        return "", ""


@contextmanager
def _only_run(root: Path) -> Iterator[None]:
    """Keep other processes from running on the host meanwhile; its tasks may outlive this one."""
    with (root / "ocim.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TransientError(
                f"Another run still goes on in {root}.", remedy="Try again later."
            ) from None
        yield
