"""The provisioner that uses Ansible."""

import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from ocim.adapters.limits import LimitReached
from ocim.adapters.provisioners.ansible.files import (
    ansible_environment,
    clean_environment,
    write_files,
)
from ocim.adapters.provisioners.ansible.follow import OnEvent, follow
from ocim.adapters.provisioners.ansible.image_part import digest_of_values, image_part
from ocim.adapters.provisioners.ansible.migrations_part import migrations_part
from ocim.adapters.provisioners.ansible.packages import (
    PackageCaches,
    Packages,
    packages_directory,
)
from ocim.adapters.provisioners.ansible.parts import (
    installed_part,
    make_directories,
    own_variables,
    part_of,
)
from ocim.adapters.provisioners.ansible.platform_archive import platform_archive
from ocim.adapters.provisioners.ansible.run import ansible_run
from ocim.adapters.provisioners.ansible.sources import Configuration, Sources, playbook_in
from ocim.adapters.provisioners.ansible.views import check_view, run_view
from ocim.adapters.provisioners.messages import condensed
from ocim.adapters.provisioners.package_index import index_files
from ocim.adapters.provisioners.repositories.mirror import GitAccess
from ocim.adapters.provisioners.run_directory import (
    remove_abandoned,
    run_directory,
    runs_directory,
)
from ocim.adapters.sandbox import Sandbox
from ocim.catalog.secrets.masking import masker
from ocim.core.errors import Conflict, TransientError, ValidationError
from ocim.core.hosts import Host, Isolation
from ocim.core.provisioning import (
    BUILTIN,
    BuiltImage,
    ConfigurationSource,
    Part,
    ProvisionJob,
    ProvisionOutcome,
    Transport,
)

CHILD = "ocim.adapters.provisioners.ansible.child"
CHECK_SECONDS = 300.0


class AnsibleProvisioner:
    """A provisioner that runs playbooks with ansible-runner, in processes of their own."""

    kind = "ansible"

    def __init__(
        self,
        *,
        builtin: Path,
        cache: Path,
        platform: Path | None = None,
        rewrites: Mapping[str, str] | None = None,
        runs: Path | None = None,
        access: GitAccess | None = None,
        sandbox: Sandbox | None = None,
        transport: Transport = Transport.PIPELINING,
        packages: Path | None = None,
    ) -> None:
        """Create a provisioner.

        `builtin`: directory of Ocim's own playbooks. `platform`: directory that they install as
        edx-platform. `cache`: a directory that may be emptied while nothing runs. `rewrites`: see
        Sources. `runs`: directory for private directories; by default in memory, or else in
        `cache`. `access`: access to private repositories. `sandbox`: contains the runs.
        `transport`: how tasks get to hosts. `packages`: directory for package caches of app servers
        on this machine; by default in the cache of the manager's user.
        """
        self._sandbox = sandbox or Sandbox()
        self._sources = Sources(
            builtin, cache, self._sandbox, rewrites or {}, access or GitAccess()
        )
        self._platform = platform
        self._transport = transport
        self._cache = cache
        self._packages = PackageCaches(packages or packages_directory(), self._sandbox)
        self._runs = runs or runs_directory(cache / "runs")

    def isolation(self) -> Isolation:
        return self._sandbox.isolation()

    def examine(self) -> None:
        """Return at once: all that it needs is fetched with a configuration."""

    def find_playbook(self, source: ConfigurationSource) -> None:
        with self._sources.files(source) as (_, directory):
            playbook_in(directory, source)

    def check(self, job: ProvisionJob) -> ConfigurationSource:
        source = self._sources.exact(job.source)
        if self._platform is not None and not self._platform.is_dir():
            raise ValidationError([f"The platform's directory {self._platform} does not exist."])
        with self._sources.playbook(source) as (whole, configuration):
            is_part = job.part is Part.MIGRATIONS
            tree = configuration.tree()
            playbook = migrations_part(source, whole, tree) if is_part else whole
            passed = self._cache / "checked" / _checked(playbook, configuration)
            # Variables may decide which files a playbook includes, except in Ocim's own playbooks.
            if not (configuration.is_builtin and passed.exists()):
                self._check_syntax(job, playbook, configuration)
                passed.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                passed.touch()
        return source

    def has_one_port(self, source: ConfigurationSource) -> bool:
        # Upstream's playbooks put nginx before the services, which answer on its loopback only.
        return source.repository_url != BUILTIN

    def build_container_image(
        self,
        job: ProvisionJob,
        *,
        on_event: OnEvent,
        is_cancelled: Callable[[], bool],
    ) -> BuiltImage:
        raise Conflict("App servers that Ansible configures are no containers.")

    def image_inputs(self, job: ProvisionJob) -> Mapping[str, str]:
        with self._sources.playbook(job.source) as (playbook, configuration):
            _, variables = image_part(job, playbook, configuration.tree())
            inputs = {
                "playbook": job.source.playbook,
                "configuration": configuration.content,
                "ansible": configuration.requirements,
                "python": f"{sys.base_prefix} {sys.version.split()[0]}",
                "variables": digest_of_values(variables),
            }
        if self._platform is not None:
            inputs["platform"] = self._archive().name
        return inputs

    def provision(
        self, job: ProvisionJob, *, on_event: OnEvent, is_cancelled: Callable[[], bool]
    ) -> ProvisionOutcome:
        self.remove_abandoned()
        needs_image = job.part in (Part.IMAGE, Part.INSTANCE) or job.image_inputs
        if needs_image and self.image_inputs(job) != job.image_inputs:
            raise TransientError("The image's inputs have changed meanwhile.", remedy="Try again.")
        with (
            self._sources.playbook(job.source) as (whole, configuration),
            self._installed(job, configuration) as packages,
            run_directory(self._runs) as directory,
        ):
            playbook, job_variables = part_of(job, whole, configuration.tree())
            archive = self._archive() if self._platform is not None else None
            own = own_variables(job, directory, archive=archive, packages=packages)
            variables = {**job_variables, **own}
            make_directories(job)
            self._write(directory, job.host, playbook, configuration, variables)
            view = run_view(
                job,
                configuration,
                directory,
                archive=archive,
                index_files=index_files(),
                packages=packages,
            )
            child = [sys.executable, "-m", CHILD, str(directory)]
            with (
                self._sandbox.command(child, view) as (command, confined),
                ansible_run(directory, command) as run,
            ):
                return follow(
                    run,
                    job,
                    mask=masker(variables),
                    on_event=on_event,
                    is_cancelled=is_cancelled,
                    check_limits=confined.check,
                )

    def remove_abandoned(self) -> None:
        """End the runs whose manager died, and remove their files; also done before each run."""
        remove_abandoned(self._runs)

    def _check_syntax(
        self, job: ProvisionJob, playbook: Path, configuration: Configuration
    ) -> None:
        with run_directory(self._runs) as directory:
            self._write(directory, job.host, playbook, configuration, job.variables)
            environment = ansible_environment(directory, host=job.host, project=playbook.parent)
            command = [
                *(str(configuration.ansible_playbook), "--syntax-check", str(playbook)),
                *("-i", str(directory / "inventory")),
                *("-e", f"@{directory / 'env' / 'extravars'}"),
            ]
            try:
                checked = self._sandbox.run(
                    command,
                    check_view(configuration, directory),
                    cwd=playbook.parent,
                    environment=clean_environment(directory) | environment,
                    timeout=CHECK_SECONDS,
                )
            except LimitReached as error:
                problem = f"The playbook {job.source.playbook} cannot be checked. {error.problem}"
                raise ValidationError([problem], remedy=error.remedy) from error
        if checked.status:
            fault = masker(job.variables)(condensed(checked.errors or checked.output))
            raise ValidationError([f"The playbook {job.source.playbook} is not valid: {fault}"])

    def files(
        self, source: ConfigurationSource
    ) -> AbstractContextManager[tuple[ConfigurationSource, Path]]:
        return self._sources.files(source)

    def _write(
        self,
        directory: Path,
        host: Host,
        playbook: Path,
        configuration: Configuration,
        variables: Mapping[str, object],
    ) -> None:
        write_files(
            directory,
            host=host,
            playbook=playbook,
            ansible=configuration.environment,
            transport=self._transport,
            variables=variables,
        )

    @contextmanager
    def _installed(
        self, job: ProvisionJob, configuration: Configuration
    ) -> Iterator[Packages | None]:
        """Yield the packages that Ocim's own playbooks install on this machine.

        None if there are none.
        """
        is_here = configuration.is_builtin and job.host.connection.kind == "local"
        if self._platform is None or not is_here or installed_part(job) is Part.INSTANCE:
            yield None
            return
        with self._packages.packages(self._platform) as packages:
            yield packages

    def _archive(self) -> Path:
        assert self._platform is not None  # noqa: S101
        return platform_archive(self._platform, self._cache / "platform")


def _checked(playbook: Path, configuration: Configuration) -> str:
    """Return the name of the file which records that the playbook has passed the check."""
    identity = (configuration.content, configuration.requirements, playbook.name)
    return hashlib.sha256("\0".join(identity).encode()).hexdigest()[:20]
