"""Discovery's hourly job as Ocim starts it in a container."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocim.catalog.steps import cron, hourly
from ocim.core.instance import Database

DOCKER = """#!/bin/sh
case "$1 $2 $3 $4" in
"exec -d appserver-1-abc-discovery-1 "*) shift 3 ;;
"exec -i --env OCIM_SESSION") shift 5 ;;
*) exit 64 ;;
esac
exec "$@"
"""
MANAGE = """#!/bin/sh
echo $1 >> ran
test "$1" = "$FAILS" && echo "CommandError: no LMS" && exit 1
exit 0
"""


@dataclass
class Container:
    """A stand-in for a container of discovery, and for the engine that has it."""

    directory: Path
    environment: dict[str, str]

    def run(self, script: str) -> str:
        return subprocess.run(
            ["sh", "-c", script],
            cwd=self.directory,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def start(self) -> cron.LastRun | None:
        """Run the job, and return what is known of it afterwards."""
        self.run(hourly.start(self.database, "ACME", self.place))
        return cron.last_run(cron.read(self.run(hourly.traces(self.place))))

    @property
    def database(self) -> Database:
        return Database("sqlite", str(self.directory / "discovery.sqlite3"))

    @property
    def place(self) -> str:
        return str(self.directory / "refresh")

    @property
    def ran(self) -> list[str]:
        path = self.directory / "ran"
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def container(tmp_path: Path) -> Container:
    for name, text in {"docker": DOCKER, "manage.py": MANAGE}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    return Container(tmp_path, {"PATH": path, "COMPOSE_PROJECT_NAME": "appserver-1-abc"})


def test_courses_are_read_and_then_indexed(container: Container) -> None:
    last = container.start()
    assert container.ran == ["refresh_course_metadata", "remove_unused_indexes", "update_index"]
    assert last
    assert last.status == 0


def test_nothing_is_indexed_where_courses_could_not_be_read(container: Container) -> None:
    container.environment["FAILS"] = "refresh_course_metadata"
    last = container.start()
    assert container.ran == ["refresh_course_metadata"]
    assert last
    assert (last.status, last.reason) == (1, "CommandError: no LMS")


def test_a_job_that_still_runs_is_left_alone(container: Container) -> None:
    with subprocess.Popen(
        ["flock", f"{container.place}.lock", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write(b"held\n")
        running.stdin.flush()
        assert running.stdout.readline() == b"held\n"
        with pytest.raises(subprocess.CalledProcessError):
            container.run(hourly.start(container.database, "ACME", container.place))
    assert container.ran == []


def test_there_are_no_traces_before_the_first_run(container: Container) -> None:
    traces = container.run(hourly.traces(container.place))
    assert cron.last_run(cron.read(traces)) is None
