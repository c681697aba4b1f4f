"""Provisions app servers with Ansible."""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import uv

from ocim.adapters.captured import captured
from ocim.adapters.provisioners.ansible_files import (
    ansible_environment,
    clean_environment,
    index_environment,
    own_index_environment,
    write_files,
)
from ocim.adapters.provisioners.ansible_follow import OnEvent, follow
from ocim.adapters.provisioners.ansible_messages import condensed
from ocim.adapters.provisioners.ansible_run import ansible_run
from ocim.adapters.provisioners.environments import interpreter
from ocim.adapters.provisioners.git_mirror import GitAccess
from ocim.adapters.provisioners.image_part import digest_of_values, image_part
from ocim.adapters.provisioners.masking import masker, reveal
from ocim.adapters.provisioners.migrations_part import migrations_part
from ocim.adapters.provisioners.platform_archive import platform_archive
from ocim.adapters.provisioners.run_directory import (
    remove_abandoned,
    run_directory,
    runs_directory,
)
from ocim.adapters.provisioners.sources import Configuration, Sources, playbook_in
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import BadInput, OutsideError
from ocim.core.spec import (
    ConfigurationSource,
    Host,
    Isolation,
    Part,
    ProvisionJob,
    ProvisionOutcome,
    Transport,
)
from ocim.documents.tree import Tree

CHILD = "ocim.adapters.provisioners.ansible_child"
CHECK_SECONDS = 300.0


class AnsibleProvisioner:
    """Runs a configuration's playbook through ansible-runner, in a process of its own."""

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
    ) -> None:
        """`builtin`: Ocim's own playbooks. `platform`: what they install as edx-platform.

        `cache`: a directory that may be emptied while nothing runs. `rewrites`: see Sources.
        `runs`: where private directories go; by default in memory, or in `cache` where that cannot
        be had. `access`: to private repositories. `sandbox`: what runs are kept in. `transport`:
        how steps get onto hosts.
        """
        self._sandbox = sandbox or Sandbox()
        self._sources = Sources(
            builtin, cache, self._sandbox, rewrites or {}, access or GitAccess()
        )
        self._platform = platform
        self._transport = transport
        self._cache = cache
        self._runs = runs or runs_directory(cache / "runs")

    def isolation(self) -> Isolation:
        return self._sandbox.isolation()

    def find_playbook(self, source: ConfigurationSource) -> None:
        with self._sources.files(source) as (_, directory):
            playbook_in(directory, source)

    def check(self, job: ProvisionJob) -> ConfigurationSource:
        source = self._sources.exact(job.source)
        if self._platform is not None and not self._platform.is_dir():
            raise BadInput([f"The platform's directory {self._platform} does not exist."])
        with self._sources.playbook(source) as (whole, configuration):
            is_part = job.part is Part.MIGRATIONS
            tree = configuration.tree()
            playbook = migrations_part(source, whole, tree) if is_part else whole
            passed = self._cache / "checked" / _checked(playbook, configuration)
            # Which files a playbook consists of may depend on variables; in Ocim's own it does not.
            if not (configuration.is_builtin and passed.exists()):
                self._check_syntax(job, playbook, configuration)
                passed.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                passed.touch()
        return source

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
            raise OutsideError(
                "What the image depends on has changed meanwhile.", remedy="Try it again."
            )
        with (
            self._sources.playbook(job.source) as (whole, configuration),
            run_directory(self._runs) as directory,
        ):
            playbook, given = _part(job, whole, configuration.tree())
            variables = {**self._own_variables(job), **given}
            self._write(directory, job.host, playbook, configuration, variables)
            command = self._sandbox.wrap(
                [sys.executable, "-m", CHILD, str(directory)],
                readable=[*_readable(configuration), *_needed(job.host, variables)],
                writable=[directory, *_own_directories(job, configuration)],
            )
            with ansible_run(directory, command) as run:
                return follow(
                    run,
                    job,
                    mask=masker(variables),
                    on_event=on_event,
                    is_cancelled=is_cancelled,
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
            readable = _readable(configuration)
            try:
                checked = captured(
                    self._sandbox.wrap(command, readable=readable, writable=[directory]),
                    cwd=playbook.parent,
                    env=clean_environment(directory) | environment,
                    timeout=CHECK_SECONDS,
                )
            except subprocess.TimeoutExpired as error:
                raise OutsideError(
                    f"Checking the playbook's syntax took more than {CHECK_SECONDS:g} s."
                ) from error
        if checked.status:
            said = masker(job.variables)(condensed(checked.errors or checked.output))
            raise BadInput([f"The playbook {job.source.playbook} is not valid: {said}"])

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

    def _own_variables(self, job: ProvisionJob) -> dict[str, object]:
        is_local = job.host.connection.kind == "local"
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
        variables: dict[str, object] = {
            "ocim_host_root": job.host.root,
            "ocim_host_address": job.host.address,
            "ocim_host_kind": job.host.connection.kind,
            "ocim_part": _installed(job).value,
            "ocim_index_environment": index_environment(job.host),
            "ocim_uv": uv.find_uv_bin(),
            "ocim_python": f"{sys.base_prefix}/bin/{python}" if is_local else "/usr/bin/python3",
        }
        if self._platform is not None:
            variables["ocim_platform_archive"] = str(self._archive())
        return variables

    def _archive(self) -> Path:
        assert self._platform is not None  # noqa: S101
        return platform_archive(self._platform, self._cache / "platform")


def _part(job: ProvisionJob, whole: Path, tree: Tree) -> tuple[Path, Mapping[str, object]]:
    """The playbook to run, and the variables that it is given."""
    if job.part is Part.IMAGE:
        return image_part(job, whole, tree)
    if job.part is Part.MIGRATIONS:
        return migrations_part(job.source, whole, tree), job.variables
    return whole, job.variables


def _installed(job: ProvisionJob) -> Part:
    """How much the roles are to install: migrations need all that a service needs to run."""
    if job.part is Part.MIGRATIONS:
        return Part.INSTANCE if job.image_inputs else Part.WHOLE
    return job.part


def _checked(playbook: Path, configuration: Configuration) -> str:
    """Names the file that says that the playbook has passed the check."""
    what = (configuration.content, configuration.requirements, playbook.name)
    return hashlib.sha256("\0".join(what).encode()).hexdigest()[:20]


def _readable(configuration: Configuration) -> list[Path]:
    return [configuration.root, configuration.environment, interpreter(configuration.environment)]


def _needed(host: Host, variables: Mapping[str, object]) -> list[Path]:
    """Files that the run's variables name: what is installed, what installs it, how to get in."""
    index = variables["ocim_index_environment"]
    assert isinstance(index, Mapping)  # noqa: S101
    names = [
        *(variables["ocim_uv"], variables.get("ocim_platform_archive")),
        *(host.connection.key_file, host.connection.known_hosts_file),
        *host.shared,
        *(reveal(text) for name, text in index.items() if name != "UV_CACHE_DIR"),
    ]
    return [Path(str(name)) for name in names if str(name).startswith("/")]


def _own_directories(job: ProvisionJob, configuration: Configuration) -> list[Path]:
    """What a run on this machine writes: its host's root, and what the host shares with others."""
    if job.host.connection.kind != "local":
        return []
    own = [Path(name) for name in (*job.directories, job.host.root)]
    if configuration.is_builtin:  # which installs as this user does, from the same cache
        own.append(Path(str(own_index_environment()["UV_CACHE_DIR"])))
    for directory in own:
        directory.mkdir(parents=True, exist_ok=True)
    return own
