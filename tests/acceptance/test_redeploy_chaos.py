"""Rollouts whose processes are killed, on PostgreSQL: they end right, and nobody notices.

Steps that take an instant are drawn out: by a trigger, and by SQL that takes its time. With
CHAOS=every-step whatever can be killed is killed at each step in turn, which takes twenty minutes.
(What dies between two writes is looked at in tests/operations/rollouts/test_deaths.py.)
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.acceptance.installation import REPOSITORY, Installation, installed, until
from tests.acceptance.traffic import Traffic, Visitor, served_by
from tests.postgresql_server import postgresql_server

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("chaos")]

DOMAIN = "chaos.localhost"
RELEASES = ("open-release/juniper.1", "open-release/juniper.2")
SLOW_SQL = """
with recursive counted(n) as (select 1 union all select n + 1 from counted limit 8000000)
select max(n) from counted
"""
AT_STEP = "select name from store_upgradestep where ended_at is null order by id desc limit 1"
IN_SLOW_SQL = "select 'SQL' from store_sqlrun where position = 2 and state = 'intended'"
LONG = ("dry run of migrations", "SQL", "provisioning", "activation")
"""Steps in whose middle something can be killed."""
BRIEF = ("preparation", "backup", "settings", "app servers", "configuration", "host",
         "health check", "public check", "tags")  # fmt: skip
"""Delays in an upgrade without services: a step's effect comes some time before its record."""
DRAWN_OUT = """
create table drawn_out (step text);
create function draw_out() returns trigger language plpgsql as $$ begin
    if exists (select from drawn_out where step = old.name) then perform pg_sleep(3); end if;
    return new;
end $$;
create trigger draw_out before update of ended_at on store_upgradestep
for each row execute function draw_out();
"""


class Fleet:
    """Site that is visited all the time, with a connection of its own to the manager's database."""

    def __init__(self, installation: Installation, database_url: str) -> None:
        self.installation = installation
        self.database = psycopg.connect(database_url, autocommit=True)
        self.database.execute(DRAWN_OUT)
        installation.instance(DOMAIN, edx_platform_commit=RELEASES[0])
        installation.ocim("appserver", "spawn", DOMAIN, "--activate")
        self.release, self.tag = 0, ""

    def ask(self, query: str) -> Any:
        """Return the first value of the first row."""
        row = self.database.execute(query).fetchone()
        return row and row[0]

    def redeploy(self) -> "subprocess.Popen[str]":
        """Upgrade to the other release, in the command's own process."""
        self.release = 1 - self.release
        count = self.ask("select count(*) from store_rollout")
        self.tag = f"chaos-{count}"
        sql = [
            "create table if not exists ran (tag text)",
            f"insert into ran values ('{self.tag}')",  # noqa: S608
            SLOW_SQL.replace("\n", " "),
        ]
        words = [
            *("redeploy", "--force", f"--tag={self.tag}"),
            f"--update={{edx_platform_commit: {RELEASES[self.release]}}}",
            f"--preupgrade-sql-commands={sql!r}",
            "--backup",
        ]
        return subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=REPOSITORY,
            env=self.installation.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def at(self, step: str, deed: "Disturbance", command: "subprocess.Popen[str]") -> None:
        """Do the deed while the upgrade is at that step."""
        if step in BRIEF:
            self.database.execute("insert into drawn_out values (%s)", [step])
        query = IN_SLOW_SQL if step == "SQL" else AT_STEP
        until(lambda: self.ask(query) == step, f"never at {step}: {self.installation.log()}")
        deed(self, command)
        self.database.execute("delete from drawn_out")

    def kill_workers(self) -> None:
        for worker in self.installation.processes("worker"):
            worker.kill()

    def lose_connections(self) -> None:
        self.ask(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            " where pid <> pg_backend_pid() and backend_type = 'client backend'"
        )

    def wait_for_the_end(self) -> None:
        query = "select state from store_rollout order by id desc limit 1"
        until(lambda: self.ask(query) == "ended", self.installation.log(), seconds=240)

    def runs(self) -> int:
        """Return how often this rollout's statement took effect."""
        (path,) = self.installation.var.glob("databases/*/edxapp.sqlite3")
        with sqlite3.connect(path) as database:
            (count,) = database.execute(
                "select count(*) from ran where tag = ?", [self.tag]
            ).fetchone()
        return int(count)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with postgresql_server() as url:

        class OnPostgresql(Installation):
            def __init__(self, directory: Path) -> None:
                super().__init__(directory)
                self.environment["DATABASE_URL"] = url

        with installed(tmp_path_factory.mktemp("chaos"), OnPostgresql) as installation:
            fleet = Fleet(installation, url)
            yield fleet
            fleet.database.close()


Disturbance = Callable[[Fleet, "subprocess.Popen[str]"], None]


def worker(fleet: Fleet, _command: "subprocess.Popen[str]") -> None:
    fleet.kill_workers()


def command(_fleet: Fleet, command: "subprocess.Popen[str]") -> None:
    command.kill()


def connections(fleet: Fleet, _command: "subprocess.Popen[str]") -> None:
    fleet.lose_connections()


def both(fleet: Fleet, process: "subprocess.Popen[str]") -> None:
    worker(fleet, process)
    command(fleet, process)


CASES: dict[str, list[tuple[str, Disturbance]]] = {
    "both, and a worker": [("SQL", both), ("activation", worker)],
}
if os.environ.get("CHAOS") == "every-step":
    CASES = {
        f"{deed.__name__} killed at {step}": [(step, deed)]
        for step in (*LONG, *BRIEF)
        for deed in (worker, command, both, connections)
    }


@pytest.mark.parametrize("case", CASES)
def test_a_rollout_outlives(fleet: Fleet, case: str) -> None:
    before = {appserver["id"] for appserver in fleet.installation.appservers(DOMAIN)}
    with Traffic(fleet.installation, DOMAIN, visitors=2) as visitors:
        process = fleet.redeploy()
        for step, deed in CASES[case]:
            fleet.at(step, deed, process)
        fleet.wait_for_the_end()
        output, _ = process.communicate()
    is_killed = any(deed in (command, both) for _, deed in CASES[case])
    assert is_killed or process.returncode == 0, output
    assert visitors.failures == []
    assert fleet.ask("select state from store_upgrade order by id desc limit 1") == "successful"
    assert fleet.runs() == 1
    new = [
        appserver
        for appserver in fleet.installation.appservers(DOMAIN)
        if appserver["id"] not in before
    ]
    assert [item["active"] for item in new] == [True]
    with Visitor(fleet.installation, DOMAIN) as visitor:
        assert served_by(visitor.get("/").text) == RELEASES[fleet.release]
    known = {f"appserver-{item['id']}" for item in fleet.installation.json("appserver", "list")}
    assert {path.name for path in fleet.installation.var.glob("hosts/appserver-*")} == known
    var = fleet.installation.var
    assert [*var.glob("hosts/dry-run-*"), *var.glob("databases/*.dry-run")] == []
