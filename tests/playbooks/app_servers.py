"""App servers on local hosts, of a platform that is as small as can be."""

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ocim.adapters.provisioners.ansible.provisioner import AnsibleProvisioner
from ocim.core.hosts import Host, HostRequest
from ocim.core.provisioning import (
    ConfigurationSource,
    Part,
    ProvisionEvent,
    ProvisionJob,
    ProvisionOutcome,
)
from ocim.core.secrets import Secret
from ocim.ports.providers import Provider
from tests.local_hosts import local_hosts
from tests.nspawn_hosts import nspawn_hosts

REPOSITORY = Path(__file__).parents[2]


SERVICE = ("gunicorn", "packaging", "pyyaml")
CELERY = ("amqp", "billiard", "celery", "click.*", "kombu", "prompt-toolkit", "python-dateutil",
          "six", "typing-extensions", "tzdata", "tzlocal", "vine", "wcwidth")  # fmt: skip
NEEDED = {
    "requirements.txt": SERVICE,
    "requirements-discovery.txt": SERVICE,
    "requirements-ecommerce.txt": (*SERVICE, *CELERY),
}
"""Packages of the stand-in's services, by the file that lists them."""


@dataclass
class AppServer:
    """A host, a platform, and how to provision the one with the other."""

    directory: Path
    platform: Path
    provider: Provider
    host: Host
    events: list[ProvisionEvent] = field(default_factory=list)
    _inputs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database = self.directory / "databases" / "edxapp.sqlite3"
        self.database.parent.mkdir(exist_ok=True)

    def provision(
        self, variables: Mapping[str, object] | None = None, *, playbook: str = "openedx_native.yml"
    ) -> ProvisionOutcome:
        """Run the playbook with the least of variables, and `variables`."""
        return self._run(self._job(variables or {}, playbook))

    def make_anew_from_an_image(self, variables: Mapping[str, object] | None = None) -> None:
        """Build the image for these variables, and let the host be one that is made from it."""
        images = self.provider.images
        assert images
        job = self._job(variables or {}, "openedx_native.yml")
        self._inputs = self._provisioner().image_inputs(job)
        part = replace(job, part=Part.IMAGE, image_inputs=self._inputs, directories=())

        def build(host: Host) -> None:
            outcome = self._run(replace(part, host=host))
            assert outcome.ok, outcome.message

        images.ensure("image", self._inputs, build, is_cancelled=lambda: False)
        self.provider.destroy(self.host.name)
        own = shared_with_hosts(self.directory)
        self.provider.create(HostRequest(self.host.name, image="image", directories=own))
        self.host = self.provider.wait_until_reachable(self.host.name, timeout=60)

    def provision_instance_part(
        self, variables: Mapping[str, object] | None = None
    ) -> ProvisionOutcome:
        """Run on a host from an image what is left."""
        job = self._job(variables or {}, "openedx_native.yml")
        return self._run(replace(job, part=Part.INSTANCE, image_inputs=self._inputs))

    def run_migrations(self, variables: Mapping[str, object]) -> ProvisionOutcome:
        """Run only the migrations, on the databases that the variables name."""
        job = self._job(variables, "openedx_native.yml")
        return self._run(replace(job, part=Part.MIGRATIONS))

    def _provisioner(self) -> AnsibleProvisioner:
        return AnsibleProvisioner(
            builtin=REPOSITORY / "playbooks",
            cache=self.directory / "cache",
            platform=self.platform,
        )

    def _run(self, job: ProvisionJob) -> ProvisionOutcome:
        self.events.clear()
        return self._provisioner().provision(
            job, on_event=self.events.append, is_cancelled=lambda: False
        )

    def _job(self, variables: Mapping[str, object], playbook: str) -> ProvisionJob:
        return ProvisionJob(
            host=self.host,
            source=ConfigurationSource("builtin", "", playbook),
            variables={
                "EDXAPP_EDXAPP_SECRET_KEY": Secret("only for tests"),
                "EDXAPP_DATABASE_ENGINE": "django.db.backends.sqlite3",
                "EDXAPP_MYSQL_DB_NAME": str(self.database),
                "EDXAPP_LMS_BASE": "demo.localhost:8443",
                "EDXAPP_CMS_BASE": "studio.demo.localhost:8443",
                "edxapp_media_dir": str(self.directory / "media"),
                "edxapp_start_seconds": 20,
                **variables,
            },
            directories=(str(self.directory),),
            task_timeout=120,
            total_timeout=500,
        )

    def ask(self, service: str) -> dict[str, Any]:
        """Return the stand-in's answer: its settings, and the process that it runs in."""
        port = {"lms": 8000, "cms": 8010}[service]
        url = f"http://{self.host.address}:{port}/heartbeat"
        with urllib.request.urlopen(url, timeout=10) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def run(self, command: str) -> str:
        """Return the output of a shell command on the host."""
        argv = self.provider.command(self.host.name, ["sh", "-c", command])
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def path(self, of_machine: str) -> Path:
        """Return the path on this machine of a path of the app server."""
        return Path(self.host.root + of_machine)

    def changed_tasks(self) -> list[str]:
        return [event.task for event in self.events if event.status == "changed"]


def shared_with_hosts(directory: Path) -> tuple[str, ...]:
    """Return the directories in which an app server writes besides its host."""
    return (str(directory / "databases"), str(directory / "media"))


@contextmanager
def bare_app_server(directory: Path, platform: Path | None = None) -> Iterator[AppServer]:
    """Yield a host without software; it is destroyed at the end."""
    with local_hosts(directory / "hosts") as provider:
        own = shared_with_hosts(directory)
        host = provider.create(HostRequest(name="demo-1", directories=own))
        yield AppServer(directory, platform or stand_in(directory), provider, host)


@contextmanager
def bare_machine(directory: Path, platform: Path | None = None) -> Iterator[AppServer]:
    """Yield a host that is a machine of its own and shares this machine's databases and uploads."""
    shared = list(map(Path, shared_with_hosts(directory)))
    with nspawn_hosts(directory / "nspawn", shared=shared) as provider:
        provider.create(HostRequest(name="demo-1"))
        host = provider.wait_until_reachable("demo-1", timeout=60)
        yield AppServer(directory, platform or stand_in(directory), provider, host)


def stand_in(directory: Path) -> Path:
    """Return a copy of a platform that starts at once; a test may change it."""
    platform = directory / "platform"
    shutil.copytree(Path(__file__).parent / "platform", platform)
    locked = (REPOSITORY / "rehearsal" / "requirements-ecommerce.txt").read_text()
    for file, packages in NEEDED.items():
        needed = re.findall(rf"^(?:{'|'.join(packages)})==.*(?:\n .*)*", locked, re.MULTILINE)
        (platform / file).write_text("\n".join(needed) + "\n")
    return platform
