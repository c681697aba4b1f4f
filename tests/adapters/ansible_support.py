"""Playbooks of one test, and what provisioning with them gave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ocim.adapters.provisioners.ansible.provisioner import AnsibleProvisioner
from ocim.core.hosts import Connection, Host
from ocim.core.provisioning import (
    ConfigurationSource,
    ProvisionEvent,
    ProvisionJob,
    ProvisionOutcome,
    Transport,
)


def never() -> bool:
    return False


@dataclass
class Bench:
    """A provisioner whose only playbook is the test's own, and a host that is a directory."""

    directory: Path
    events: list[ProvisionEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.playbooks = self.directory / "playbooks"
        self.root = self.directory / "host"
        self.runs = self.directory / "runs"
        for path in (self.playbooks, self.root, self.runs):
            path.mkdir(exist_ok=True)
        self.use(Transport.PIPELINING)

    def use(self, transport: Transport) -> None:
        """Use a provisioner that transfers steps to hosts in this way."""
        self.provisioner = AnsibleProvisioner(
            builtin=self.playbooks,
            cache=self.directory / "cache",
            runs=self.runs,
            transport=transport,
        )

    def job(
        self,
        tasks: str,
        *,
        variables: Mapping[str, object] | None = None,
        task_timeout: float = 60,
        total_timeout: float = 60,
    ) -> ProvisionJob:
        """Return a job whose playbook has these tasks (YAML, not indented)."""
        indented = "".join(f"    {line}\n" for line in tasks.strip().splitlines())
        header = "- hosts: openedx_app\n  gather_facts: false\n  tasks:\n"
        (self.playbooks / "site.yml").write_text(header + indented)
        return ProvisionJob(
            host=Host(
                name="demo-1",
                provider="local",
                address="127.9.9.9",
                connection=Connection(
                    kind="local",
                    environment={"PATH": "/usr/bin:/bin", "HOME": str(self.root)},
                ),
                root=str(self.root),
            ),
            source=ConfigurationSource("builtin", "", "site.yml"),
            variables=variables or {},
            task_timeout=task_timeout,
            total_timeout=total_timeout,
        )

    def run(
        self,
        job: ProvisionJob,
        *,
        is_cancelled: Callable[[], bool] = never,
    ) -> ProvisionOutcome:
        """Provision, and keep the events in `events`."""
        return self.provisioner.provision(
            job, on_event=self.events.append, is_cancelled=is_cancelled
        )

    def log(self) -> str:
        return "\n".join(event.text for event in self.events)
