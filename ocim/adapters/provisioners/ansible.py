"""Provisions app servers with Ansible."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import uv

from ocim.adapters.provisioners.ansible_files import (
    ansible_environment,
    clean_environment,
    index_environment,
    own_index_environment,
    write_files,
)
from ocim.adapters.provisioners.ansible_messages import condensed
from ocim.adapters.provisioners.ansible_run import AnsibleRun, ansible_run
from ocim.adapters.provisioners.environments import interpreter
from ocim.adapters.provisioners.git_mirror import GitAccess
from ocim.adapters.provisioners.masking import masker, reveal
from ocim.adapters.provisioners.platform_archive import platform_archive
from ocim.adapters.provisioners.run_directory import (
    remove_abandoned,
    run_directory,
    runs_directory,
)
from ocim.adapters.provisioners.sandbox import Sandbox
from ocim.adapters.provisioners.sources import Configuration, Sources
from ocim.core.errors import BadInput, Cancelled
from ocim.core.spec import (
    ConfigurationSource,
    Host,
    Isolation,
    ProvisionEvent,
    ProvisionJob,
    ProvisionOutcome,
)

OnEvent = Callable[[ProvisionEvent], None]
CHILD = "ocim.adapters.provisioners.ansible_child"
TEXTS = frozenset({"text", "task", "failed_task", "message"})
LONGEST = 4000
"""Characters of one text; the rest is cut off, once secrets are out of it."""


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
    ) -> None:
        """`builtin`: Ocim's own playbooks. `platform`: what they install as edx-platform.

        `cache`: a directory that may be emptied while nothing runs. `rewrites`: see Sources.
        `runs`: where private directories go; by default in memory, or in `cache` where that cannot
        be had. `access`: to private repositories. `sandbox`: what runs are kept in.
        """
        self._sandbox = sandbox or Sandbox()
        self._sources = Sources(
            builtin, cache, self._sandbox, rewrites or {}, access or GitAccess()
        )
        self._platform = platform
        self._cache = cache
        self._runs = runs or runs_directory(cache / "runs")

    def isolation(self) -> Isolation:
        return self._sandbox.isolation()

    def check(self, job: ProvisionJob) -> ConfigurationSource:
        source = self._sources.exact(job.source)
        if self._platform is not None and not self._platform.is_dir():
            raise BadInput([f"The platform's directory {self._platform} does not exist."])
        with (
            self._sources.playbook(source) as (playbook, configuration),
            run_directory(self._runs) as directory,
        ):
            _write(directory, job.host, playbook, configuration, job.variables)
            environment = ansible_environment(directory, host=job.host, project=playbook.parent)
            command = [
                *(str(configuration.ansible_playbook), "--syntax-check", str(playbook)),
                *("-i", str(directory / "inventory")),
                *("-e", f"@{directory / 'env' / 'extravars'}"),
            ]
            readable = _readable(configuration)
            checked = subprocess.run(
                self._sandbox.wrap(command, readable=readable, writable=[directory]),
                cwd=playbook.parent,
                env=clean_environment(directory) | environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        if checked.returncode:
            said = masker(job.variables)(condensed(checked.stderr or checked.stdout))
            raise BadInput([f"The playbook {job.source.playbook} is not valid: {said}"])
        return source

    def files(
        self, source: ConfigurationSource
    ) -> AbstractContextManager[tuple[ConfigurationSource, Path]]:
        return self._sources.files(source)

    def provision(
        self, job: ProvisionJob, *, on_event: OnEvent, is_cancelled: Callable[[], bool]
    ) -> ProvisionOutcome:
        self.remove_abandoned()
        variables = {**self._own_variables(job), **job.variables}
        with (
            self._sources.playbook(job.source) as (playbook, configuration),
            run_directory(self._runs) as directory,
        ):
            _write(directory, job.host, playbook, configuration, variables)
            command = self._sandbox.wrap(
                [sys.executable, "-m", CHILD, str(directory)],
                readable=[*_readable(configuration), *_needed(job.host, variables)],
                writable=[directory, *_own_directories(job, configuration)],
            )
            with ansible_run(directory, command) as run:
                return _follow(
                    run,
                    job,
                    mask=masker(variables),
                    on_event=on_event,
                    is_cancelled=is_cancelled,
                )

    def remove_abandoned(self) -> None:
        """End the runs whose manager died, and remove their files; also done before each run."""
        remove_abandoned(self._runs)

    def _own_variables(self, job: ProvisionJob) -> dict[str, object]:
        is_local = job.host.connection.kind == "local"
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
        variables: dict[str, object] = {
            "ocim_host_root": job.host.root,
            "ocim_host_address": job.host.address,
            "ocim_host_kind": job.host.connection.kind,
            "ocim_index_environment": index_environment(job.host),
            "ocim_uv": uv.find_uv_bin(),
            "ocim_python": f"{sys.base_prefix}/bin/{python}" if is_local else "/usr/bin/python3",
        }
        if self._platform is not None:
            archive = platform_archive(self._platform, self._cache / "platform")
            variables["ocim_platform_archive"] = str(archive)
        return variables


def _write(
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
        ansible_playbook=configuration.ansible_playbook,
        variables=variables,
    )


def _readable(configuration: Configuration) -> list[Path]:
    return [configuration.root, configuration.environment, interpreter(configuration.environment)]


def _needed(host: Host, variables: Mapping[str, object]) -> list[Path]:
    """Files that the run's variables name: what is installed, what installs it, how to get in."""
    index = variables["ocim_index_environment"]
    assert isinstance(index, Mapping)  # noqa: S101
    names = [
        *(variables["ocim_uv"], variables.get("ocim_platform_archive")),
        *(host.connection.key_file, host.connection.known_hosts_file),
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


def _follow(
    run: AnsibleRun,
    job: ProvisionJob,
    *,
    mask: Callable[[str], str],
    on_event: OnEvent,
    is_cancelled: Callable[[], bool],
) -> ProvisionOutcome:
    """Pass on what the run says, until it ends or has to be ended."""
    task = ""
    started = heard = time.monotonic()
    asked = 0.0
    while not run.ended:
        if time.monotonic() - asked >= 1:
            if is_cancelled():
                raise Cancelled("Provisioning was cancelled.")
            asked = time.monotonic()
        for line in run.lines(timeout=1):
            heard = time.monotonic()
            if "outcome" in line:
                return ProvisionOutcome(**_masked(line["outcome"], mask))
            event = _event(line, mask)
            task = event.task or task
            on_event(event)
        now = time.monotonic()
        if now - heard > job.task_timeout:
            return _ended(task, f"It said nothing for {job.task_timeout:g} seconds, and was ended.")
        if now - started > job.total_timeout:
            return _ended(task, f"The run was ended: it took over {job.total_timeout:g} seconds.")
    return _ended(task, mask(run.last_words()))


def _event(line: dict[str, object], mask: Callable[[str], str]) -> ProvisionEvent:
    time = datetime.fromisoformat(str(line.pop("time")))
    return ProvisionEvent(time=time, **_masked(line, mask))


def _masked(fields: dict[str, object], mask: Callable[[str], str]) -> dict[str, Any]:
    return {
        name: mask(str(value))[:LONGEST] if name in TEXTS else value
        for name, value in fields.items()
    }


def _ended(task: str, message: str) -> ProvisionOutcome:
    return ProvisionOutcome(ok=False, failed_task=task, message=message)
