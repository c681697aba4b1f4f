"""An instance with a shop and a catalogue on real processes, and ways into what serves it."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ocim.catalog.releases import Release, traits
from ocim.catalog.steps.shells import manage
from ocim.core.instance import Service
from tests.acceptance.installation import PATIENCE, REPOSITORY, Installation
from tests.specification import SETTINGS

JUNIPER = {
    "openedx_release": "open-release/juniper.2",
    "edx_platform_commit": "opencraft-release/juniper.2",
}
DOMAIN = "shop.localhost"
PATIENT = "discovery_read_timeout: 120"
"""Longest wait for the LMS: other tests may have the processors meanwhile."""
DATABASES = "main"
"""Name of the database server, where there is one."""


@dataclass
class Campus:
    """An instance with both services, and ways into what serves it."""

    installation: Installation
    appserver: int
    domain: str = DOMAIN
    release: str = JUNIPER["openedx_release"]

    @property
    def root(self) -> Path:
        """Root directory of the app server."""
        return self.installation.hosts / f"appserver-{self.appserver}"

    def shell(self, script: str, *, timeout: float = PATIENCE) -> str:
        """Run a script by bash on the app server; return its output."""
        words = ("appserver", "shell", str(self.appserver), "--", "bash", "-c", script)
        return self.installation.ocim(*words, timeout=timeout)

    def command(self, service: Service, words: str) -> str:
        """Return a line for bash that runs a management command of a service."""
        return manage(service, words, traits(Release.of(self.release)), str(self.root))

    def manage(self, service: Service, words: str) -> str:
        """Run a management command of a service."""
        return self.shell(self.command(service, words))

    def python(self, service: Service, code: str) -> str:
        """Run code in a service's Django."""
        return self.manage(service, f"shell -c {shlex.quote(code)}")

    def verify(self, *options: str) -> dict[str, dict[str, Any]]:
        """Verify the services; return the lines by name, whatever their outcome."""
        report = self._answer("verify", *options)
        return {line["name"]: line for line in report["lines"]}

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start a verification."""
        return subprocess.Popen(
            [sys.executable, "manage.py", "services", "verify", self.domain, *options],
            cwd=REPOSITORY,
            env=self.installation.environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def status(self) -> dict[str, dict[str, Any]]:
        """Return the states of the set-up steps by name."""
        lines = self._answer("status")
        return {line["step"]: line for line in lines}

    def _answer(self, command: str, *options: str) -> Any:
        """Return what a command prints as JSON, whose exit status says if all is well."""
        done = self.installation.run("services", command, self.domain, *options, "--json")
        assert done.stdout, done.stderr
        report = json.loads(done.stdout)
        well = report["ok"] if "ok" in report else all(x["state"] == "done" for x in report)
        assert well == (done.returncode == 0), done.stderr
        return report

    def setup(self, *steps: str) -> None:
        """Run set-up steps again, as the remedies of failed checks say it."""
        words = [word for step in steps for word in ("--step", step)]
        self.installation.ocim("services", "setup", self.domain, *words, "--force")

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        """Let the LMS misbehave within the block."""
        path = self.root / "edx/etc/lms.yml"
        whole = path.read_text()
        path.write_text(yaml.safe_dump({**yaml.safe_load(whole), "REHEARSAL_FAULTS": [name]}))
        restarted = "supervisorctl restart lms"
        try:
            self.shell(restarted)
            yield
        finally:
            path.write_text(whole)
            self.shell(restarted)


class Quick(Installation):
    """An installation without images, which few app servers are worth, and verifications."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.environment |= {"OCIM_BUILD_IMAGES": "false", "OCIM_VERIFY_SERVICES": "false"}


COURSES = """
from rehearsal.edxapp.course_overviews.models import CourseOverview
for number in ("One", "Two", "Unsold"):
    CourseOverview.objects.create(
        org="edX", number=number, run="2026", display_name=number, published=True
    )
"""
CATALOGUE = """
from django.core.management import call_command
from rehearsal.discovery.course_metadata.models import CourseRun, Seat
call_command("refresh_course_metadata")
for run in CourseRun.objects.exclude(key__contains="Unsold"):
    Seat.objects.create(course_run=run, type="audit")
call_command("update_index", "--disable-change-limit")
"""


def open_campus(installation: Installation, database_server: str | None) -> Campus:
    """Return an instance of release juniper with three courses, of which two are for sale."""
    fields = JUNIPER | {"configuration_extra_settings": f"{SETTINGS}{PATIENT}"}
    words = [f"{name}={value}" for name, value in fields.items()]
    if database_server:
        words += ["--database-server", database_server]
    installation.ocim("instance", "create", DOMAIN, *words)
    installation.ocim("appserver", "spawn", DOMAIN, "--activate", timeout=2 * PATIENCE)
    (appserver,) = installation.appservers(DOMAIN)
    campus = Campus(installation, appserver["id"])
    campus.python(Service.LMS, COURSES)
    campus.python(Service.DISCOVERY, CATALOGUE)
    return campus
