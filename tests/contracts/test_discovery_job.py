"""Discovery's hourly job on app servers with one database: one at a time updates the indexes."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg
import pymysql
import pytest

from ocim.catalog.discovery_job import SUFFIX, arguments, command
from ocim.core.instance import Database
from tests.acceptance.installation import REPOSITORY, until
from tests.contracts.conftest import SERVERS, Kind

WAITING = {
    "mysql": "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock'",
    "postgresql": "SELECT COUNT(*) FROM pg_locks WHERE NOT granted",
}
BUSY = ["first refresh_course_metadata", "first remove_unused_indexes", "first update_index"]
ENGINES = {"sqlite": "sqlite3", "mysql": "mysql", "postgresql": "postgresql"}
pytestmark = pytest.mark.parametrize("kind", ["sqlite", *SERVERS], indirect=True)
Job = Popen[str]


@dataclass
class AppServers:
    """App servers of an instance. The update of `first` ends when the pipe `go on` is closed."""

    directory: Path
    database: Database
    stack: ExitStack

    def start(self, server: str, job: str) -> Job:
        """Run a job, in a group of processes of its own."""
        environment = {**os.environ, "SERVER": server, "PYTHONPATH": str(REPOSITORY)}
        process = Popen(
            ["sh", "-c", job], cwd=self.directory, env=environment, text=True,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self.stack.enter_context(process)
        self.stack.callback(_kill, process)
        return process

    def hourly(self, server: str) -> Job:
        """Run the hourly job."""
        return self.start(server, command("./manage.py", self.database))

    def log(self) -> list[str]:
        """Return the commands that have begun."""
        path = self.directory / "log"
        return path.read_text().splitlines() if path.exists() else []

    def is_waiting(self) -> bool:
        """Return True if a job waits for the lock."""
        database = self.database
        if database.kind == "sqlite":
            lock = Path(database.name + SUFFIX).stat().st_ino
            waiting = [
                line for line in Path("/proc/locks").read_text().splitlines() if "->" in line
            ]
            return any(f":{lock} " in line for line in waiting)
        place: dict[str, Any] = {
            "host": database.host,
            "port": database.port,
            "user": database.user,
            "password": database.password.reveal(),
        }
        with closing(
            pymysql.connect(**place, database=database.name)
            if database.kind == "mysql"
            else psycopg.connect(**place, dbname=database.name)
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(WAITING[database.kind])
            [(waiting,)] = cursor.fetchall()
            return bool(waiting)

    def keep_the_first_busy(self) -> Job:
        """Run the hourly job of `first`, and return it when it updates the indexes."""
        job = self.hourly("first")
        until(lambda: self.log() == BUSY, "The job does not update the indexes.")
        return job

    def until_it_waits(self, job: Job) -> None:
        """Return when the job waits for the lock. Fail if it ends."""
        until(lambda: job.poll() is not None or self.is_waiting(), "The job does not wait.")
        assert job.poll() is None, job.communicate()

    def ends_after_the_first(self, other: Job, first: Job) -> None:
        """Let `first` go on while the other waits; assert that both are well."""
        self.until_it_waits(other)
        before = len(self.log())
        (self.directory / "go on").write_text("")
        assert (first.wait(), other.wait()) == (0, 0), (first.communicate(), other.communicate())
        assert "update_index" not in " ".join(self.log()[len(BUSY) : before])
        assert self.log()[-1] == "second update_index"


def _kill(job: Job) -> None:
    with suppress(ProcessLookupError):
        os.killpg(job.pid, signal.SIGKILL)


@pytest.fixture
def servers(kind: Kind, tmp_path: Path) -> Iterator[AppServers]:
    database = kind.make("discovery's")
    kind.databases.ensure(database)
    settings = {
        "ENGINE": f"django.db.backends.{ENGINES[database.kind]}",
        "NAME": database.name,
        "USER": database.user,
        "PASSWORD": database.password.reveal(),
        "HOST": database.host,
        "PORT": database.port,
    }
    (tmp_path / "database.json").write_text(json.dumps(settings))
    os.mkfifo(tmp_path / "go on")
    manage = tmp_path / "manage.py"
    manage.write_text(
        f'#!/bin/sh\nexec {sys.executable} -m tests.contracts.discovery_manage "$@"\n'
    )
    manage.chmod(0o755)
    with ExitStack() as stack:
        yield AppServers(tmp_path, database, stack)


def test_a_job_waits_while_another_app_server_updates_the_indexes(servers: AppServers) -> None:
    first = servers.keep_the_first_busy()

    servers.ends_after_the_first(servers.hourly("second"), first)

    assert servers.log()[-3:] == [
        "second refresh_course_metadata",
        "second remove_unused_indexes",
        "second update_index",
    ]


def test_an_update_of_ocim_waits_for_the_hourly_job(servers: AppServers) -> None:
    first = servers.keep_the_first_busy()
    words = json.dumps(arguments(["update_index"]))

    update = servers.start("second", f"./manage.py program {shlex.quote(words)}")

    servers.ends_after_the_first(update, first)


def test_a_job_goes_on_when_an_app_server_dies_in_the_midst_of_its_update(
    servers: AppServers,
) -> None:
    first = servers.keep_the_first_busy()
    second = servers.hourly("second")
    servers.until_it_waits(second)

    os.killpg(first.pid, signal.SIGKILL)

    assert second.wait() == 0, second.communicate()
    assert servers.log()[-1] == "second update_index"


def test_the_job_fails_as_the_update_does(servers: AppServers) -> None:
    assert servers.hourly("broken").wait() in (1, 3)
