"""The provisioner that lets Tutor configure an app server in containers."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ocim.adapters.docker_projects import EngineAddress, Project, docker
from ocim.adapters.provisioners.run_directory import (
    remove_abandoned,
    run_directory,
    runs_directory,
)
from ocim.adapters.provisioners.tutor import building
from ocim.adapters.provisioners.tutor.environments import TutorEnvironments
from ocim.adapters.provisioners.tutor.follow import Follower
from ocim.adapters.provisioners.tutor.jobs import image_ids, require_compose
from ocim.adapters.provisioners.tutor.rendering import Rendered, render
from ocim.adapters.provisioners.tutor.run import RENDER, Run, only_run
from ocim.adapters.sandbox import Sandbox
from ocim.catalog.releases import traits
from ocim.catalog.secrets.masking import masker
from ocim.catalog.tutor.checks import faults, release_in
from ocim.catalog.tutor.configuration import configuration, platform_of
from ocim.catalog.tutor.patches import endings, plugin
from ocim.core.errors import Conflict, ValidationError
from ocim.core.hosts import Isolation
from ocim.core.provisioning import (
    TUTOR,
    BuiltImage,
    ConfigurationSource,
    Part,
    ProvisionEvent,
    ProvisionJob,
    ProvisionOutcome,
)

_NOWHERE = "127.0.0.1"


class TutorProvisioner:
    """A provisioner that renders with Tutor, and runs what it rendered on a Docker engine.

    `locks`: directory of the lock files. `cache`: a directory that may be emptied while nothing
    runs. `plugins`: plugins that instances may have.
    """

    kind = TUTOR

    def __init__(
        self,
        *,
        locks: Path,
        cache: Path,
        engine: EngineAddress,
        plugins: tuple[str, ...],
        sandbox: Sandbox,
    ) -> None:
        self._environments = TutorEnvironments(locks, cache, sandbox)
        self._engine = engine
        self._plugins = plugins
        self._sandbox = sandbox
        self._runs = runs_directory(cache / "runs")

    def isolation(self) -> Isolation:
        rendering = self._sandbox.isolation()
        sees = "does not see" if rendering.is_sandbox else "can read"
        return Isolation(
            "none",
            f"Tutor {sees} the manager's files when it renders, but the result commands the engine:"
            " whoever chooses an app server's images decides what that runs.",
            rendering.remedy,
        )

    def examine(self) -> None:
        environment = self._engine.environment()
        require_compose(environment)
        docker(["version"], environment=environment, patience=0)

    def check(self, job: ProvisionJob) -> ConfigurationSource:
        major = self._require_runnable(job)
        remove_abandoned(self._runs)
        with run_directory(self._runs) as directory:
            root = directory / "root"
            root.mkdir()
            rendered = self._render(job, root, project=job.host.name, address=_NOWHERE)
            names = rendered.images()
        environment = self._engine.environment()
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

    def build_container_image(
        self,
        job: ProvisionJob,
        *,
        on_event: Callable[[ProvisionEvent], None],
        is_cancelled: Callable[[], bool],
    ) -> BuiltImage:
        engine = self._engine.environment()
        building.require_builder(engine)
        job = replace(job, variables={**platform_of(job.variables), **job.variables})
        major = self._require_runnable(job)
        with (
            run_directory(self._runs) as directory,
            self._environments.environment(major) as tutor,
        ):
            root = directory / "root"
            root.mkdir()
            job = replace(job, host=replace(job.host, root=str(root)))
            rendered = self._render(job, root, project=job.host.name, address=_NOWHERE)
            hidden = masker([self._configuration(job, job.host.name, _NOWHERE), job.variables])
            environment = building.environment_of(root, tutor, engine)
            follower = Follower(job, environment, hidden, on_event, is_cancelled)
            return building.build(rendered, job.variables, tutor=tutor, follower=follower)

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
        with only_run(Path(job.host.root)):
            project = Project.read(job.host.root)
            values = self._configuration(job, project.name, project.address)
            follower = Follower(
                job,
                {**job.host.connection.environment},
                masker([values, job.variables]),
                on_event,
                is_cancelled,
            )
            started = time.monotonic()
            follower.begin(RENDER)
            root = Path(job.host.root)
            rendered = self._render(job, root, project=project.name, address=project.address)
            return Run(job, project, rendered, follower).outcome(time.monotonic() - started)

    def _render(self, job: ProvisionJob, root: Path, *, project: str, address: str) -> Rendered:
        with self._environments.environment(self._major(job)) as environment:
            return render(
                root,
                self._configuration(job, project, address),
                plugin(job.variables, dry_run=job.part is Part.MIGRATIONS),
                endings(job.variables),
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
