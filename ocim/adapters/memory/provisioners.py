"""A provisioner in memory whose runs go as a test wants them to."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from ocim.core.errors import (
    Cancelled,
    Conflict,
    OcimError,
    PermanentError,
    TransientError,
)
from ocim.core.hosts import Isolation
from ocim.core.provisioning import (
    BUILTIN,
    BuiltImage,
    ConfigurationSource,
    MigrationTexts,
    Part,
    ProvisionEvent,
    ProvisionJob,
    ProvisionOutcome,
)

PAUSE = 0.02
"""Seconds between two checks whether a waiting run is cancelled."""


@dataclass
class MemoryRun:
    """The course of a run: its `tasks` in order, then its end."""

    tasks: tuple[str, ...] = ("install",)
    fails_with: str = ""
    """Error message of the last task; empty if all tasks succeed."""
    crash: BaseException | None = None
    """Error to raise at the end of the run, as if the provisioning process died."""
    begun: Event = field(default_factory=Event)
    """Set once all events have been reported."""
    may_end: Event | None = None
    """Event that the run waits for before its end; it can be cancelled meanwhile."""


class MemoryProvisioner:
    """A provisioner that keeps its jobs in `jobs`, in order.

    `runs`: the course of every run, by host name. `image_runs`: the course of every run of an image
    part. `refusals`: errors that `find_playbook` raises, by playbook. `commits`: commits by version
    of a configuration; other versions stand for themselves. `without_images`: playbooks without an
    image part and without a migrations part. `shared`: names of the variables that an image part
    reads. `repositories`: directories with the files of repositories, by URL. `migrations`: output
    of the migrations part; None if no playbook has that part.
    """

    def __init__(
        self,
        *,
        runs: Mapping[str, MemoryRun] | None = None,
        refusals: Mapping[str, OcimError] | None = None,
        without_images: Collection[str] = (),
        kind: str = "memory",
    ) -> None:
        self.kind = kind
        self.runs = dict(runs or {})
        self.refusals = dict(refusals or {})
        self.commits: dict[str, str] = {}
        self.without_images = set(without_images)
        self.shared = frozenset({"SANDBOX_ENABLE_ECOMMERCE"})
        self.image_runs = MemoryRun(("install what all share",))
        self.repositories: dict[str, Path] = {}
        self.migrations: Mapping[str, MigrationTexts] | None = None
        self.jobs: list[ProvisionJob] = []
        self.fault: OcimError | None = None
        """Error of `examine`."""
        self._provisioned: dict[str, Mapping[str, object]] = {}

    def isolation(self) -> Isolation:
        return Isolation("memory", "Nothing is run.")

    def examine(self) -> None:
        if self.fault:
            raise self.fault

    def find_playbook(self, source: ConfigurationSource) -> None:
        if refusal := self.refusals.get(source.playbook):
            raise refusal

    def check(self, job: ProvisionJob) -> ConfigurationSource:
        self.find_playbook(job.source)
        cannot_migrate = self.migrations is None or job.source.playbook in self.without_images
        if job.part is Part.MIGRATIONS and cannot_migrate:
            raise Conflict(f"{job.source.playbook} has no part that only runs migrations.")
        version = job.source.version
        return replace(job.source, version=self.commits.get(version, version))

    def image_inputs(self, job: ProvisionJob) -> Mapping[str, str]:
        if job.source.playbook in self.without_images:
            raise Conflict(f"There are no images for {job.source.playbook}.")
        shared = {name: job.variables.get(name) for name in sorted(self.shared)}
        return {
            "configuration": f"{job.source.repository_url} {job.source.version}",
            "playbook": job.source.playbook,
            "variables": repr(shared),
        }

    def build_container_image(
        self,
        job: ProvisionJob,
        *,
        on_event: Callable[[ProvisionEvent], None],
        is_cancelled: Callable[[], bool],
    ) -> BuiltImage:
        name = str(job.variables.get("TUTOR_DOCKER_IMAGE_OPENEDX", "openedx"))
        on_event(ProvisionEvent(datetime.now(UTC), "info", f"Building {name}"))
        return BuiltImage(name, "sha256:built", f"{name}@sha256:pushed")

    def has_one_port(self, source: ConfigurationSource) -> bool:
        return source.repository_url != BUILTIN

    @contextmanager
    def files(self, source: ConfigurationSource) -> Iterator[tuple[ConfigurationSource, Path]]:
        if source.repository_url not in self.repositories:
            raise PermanentError(f"{source.repository_url} cannot be fetched.")
        version = self.commits.get(source.version, source.version)
        yield replace(source, version=version), self.repositories[source.repository_url]

    def provision(
        self,
        job: ProvisionJob,
        *,
        on_event: Callable[[ProvisionEvent], None],
        is_cancelled: Callable[[], bool],
    ) -> ProvisionOutcome:
        self.check(job)
        needs_image = job.part in (Part.IMAGE, Part.INSTANCE) or job.image_inputs
        if needs_image and self.image_inputs(job) != job.image_inputs:
            raise TransientError("The image's inputs have changed meanwhile.")
        self.jobs.append(job)
        run = self.runs.get(job.host.name, MemoryRun())
        if job.part is Part.IMAGE:
            run = self.image_runs
        is_new = self._provisioned.get(job.host.name) != job.variables
        for task in run.tasks:
            failed = bool(run.fails_with) and task == run.tasks[-1]
            on_event(_event(task, failed=run.fails_with if failed else "", changed=is_new))
        run.begun.set()
        _wait(run, is_cancelled)
        if run.crash:
            raise run.crash
        migrations = (self.migrations or {}) if job.part is Part.MIGRATIONS else {}
        if run.fails_with:
            return ProvisionOutcome(False, run.tasks[-1], run.fails_with, migrations=migrations)
        self._provisioned[job.host.name] = job.variables
        changed = len(run.tasks) if is_new else 0
        return ProvisionOutcome(ok=True, changed=changed, migrations=migrations)


def _wait(run: MemoryRun, is_cancelled: Callable[[], bool]) -> None:
    while True:
        if is_cancelled():
            raise Cancelled("Provisioning was cancelled.")
        if run.may_end is None or run.may_end.wait(PAUSE):
            return


def _event(task: str, *, failed: str, changed: bool) -> ProvisionEvent:
    if failed:
        text, level, status = f"failed: {task}: {failed}", "error", "failed"
    else:
        status = "changed" if changed else "ok"
        text, level = f"{status}: {task}", "info"
    return ProvisionEvent(datetime.now(UTC), level, text, task, status, seconds=0.0)  # type: ignore[arg-type]
