import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core.provisioning import MigrationTexts
from ocim.operations.rollouts.report import report
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance, Rollout, Upgrade, UpgradeStep
from ocim.wiring import context
from tests.console.conftest import Installation

SQL = '["CREATE TABLE seen (n INTEGER);", "nonsense"]'


@pytest.fixture(scope="module")
def kept() -> Iterator[sqlite3.Connection]:
    """Yield a database for the first test's rollout: the others copy it rather than run it anew."""
    with closing(sqlite3.connect(":memory:")) as database:
        yield database


@pytest.fixture
def rollout(ocim: Installation, kept: sqlite3.Connection) -> Iterator[Rollout]:
    """Yield a rollout of three instances: two failed for one cause; the plan holds passwords."""
    copied = kept.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,)
    if not copied:
        run_rollout(ocim)
    connection.ensure_connection()
    source, target = (kept, connection.connection) if copied else (connection.connection, kept)
    source.backup(target)
    yield Rollout.objects.get()
    ocim.databases.close()


def run_rollout(ocim: Installation) -> None:
    for name in ("north", "south", "west"):
        ocim.served(ocim.campus("edx_platform_commit=old", domain=f"{name}.example.com"))
    OpenEdXInstance.objects.filter(name="north.example.com").update(name="<b>North</b>")
    newest = OpenEdXAppServer.objects.order_by("-id")[0].pk
    for pk in (newest + 1, newest + 2):
        ocim.provisioner.runs[f"appserver-{pk}"] = MemoryRun(fails_with="no <tag>")
    ocim(
        "redeploy", "--tag=lilac", "--force", "--batch-size=1", f"--preupgrade-sql-commands={SQL}",
        "--update={edx_platform_commit: new, edx_platform_repository_url:"
        " 'https://me:hunter2@git.example.com/p', configuration_extra_settings: 'PW: hunter2'}",
        "--exclude={name__contains: 'https://me:hunter2@git.example.com/c'}",
    )  # fmt: skip


def test_it_says_who_when_and_with_which_arguments(ocim: Installation, rollout: Rollout) -> None:
    output = ocim("rollout", "report", rollout.pk, "--json").json
    assert " on " in output["started_by"]
    assert output["begun_at"] < output["ended_at"]
    assert output["arguments"]["tag"] == "lilac"
    assert output["arguments"]["preupgrade_sql_commands"] == json.loads(SQL)
    assert output["arguments"]["update"]["edx_platform_commit"] == "new"
    assert "verbosity" not in output["arguments"]


def test_it_says_of_each_instance_what_became_of_it(ocim: Installation, rollout: Rollout) -> None:
    output = ocim("rollout", "report", rollout.pk, "--json").json
    north, _, west = output["instances"]
    assert (north["state"], west["state"]) == ("failed", "successful")
    assert (west["wave"], west["attempts"], west["step"]) == (1, 1, "done")
    assert west["before"]["edx_platform_commit"] == "old"
    assert west["after"]["edx_platform_commit"] == "new"
    assert len(west["replaced"]) == len(west["appservers"]) == 1
    assert west["started_at"] < west["ended_at"]
    assert west["seconds"] > 0
    assert north["failure"].startswith("install: no <tag>")
    assert [(run["state"], bool(run["error"])) for run in west["sql"]] == [
        ("done", False), ("failed", True),
    ]  # fmt: skip


def test_failures_are_grouped_by_cause_with_the_command_that_retries_each(
    ocim: Installation, rollout: Rollout
) -> None:
    [cause] = ocim("rollout", "report", rollout.pk, "--json").json["causes"]
    assert len(cause["instances"]) == 2
    assert cause["retry"] == f"ocim rollout retry {rollout.pk} --cause 'install: no <tag>'"
    assert "2 failures, 1 cause\n" in ocim("rollout", "report", rollout.pk).out


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",), ("--html",)])
def test_nothing_secret_is_in_it(
    ocim: Installation, rollout: Rollout, form: tuple[str, ...]
) -> None:
    Upgrade.objects.filter(state="failed").update(failure="git https://me:hunter2@example.com: no")
    ran = ocim("rollout", "report", rollout.pk, *form)
    assert ran.status == 0
    assert "hunter2" not in ran.out
    assert "hunter2" not in ocim("rollout", "show", rollout.pk, "--json").out
    assert "changed" in ran.out


def test_the_table_has_a_row_for_each_instance(ocim: Installation, rollout: Rollout) -> None:
    ran = ocim("rollout", "report", rollout.pk, "--csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["state"] for row in rows] == ["failed", "failed", "successful"]
    assert "edx_platform_commit: old → new" in rows[2]["changes"]
    assert rows[0]["cause"] == "install: no <tag>"


def test_a_spreadsheet_takes_no_cell_for_a_formula(ocim: Installation, rollout: Rollout) -> None:
    Upgrade.objects.update(label="=HYPERLINK(1)")
    ran = ocim("rollout", "report", rollout.pk, "--csv")
    assert {row["instance"] for row in csv.DictReader(io.StringIO(ran.out))} == {"'=HYPERLINK(1)"}


def test_the_page_needs_nothing_else_and_is_escaped(ocim: Installation, rollout: Rollout) -> None:
    page = ocim("rollout", "report", rollout.pk, "--html").out
    assert "&lt;b&gt;North&lt;/b&gt;" in page
    assert "<b>North" not in page
    assert not re.search(r"<script|<link|<img|@import|url\(|\ssrc=|\shref=|\son\w+=", page)


def test_the_picture_has_a_labelled_bar_for_each_instance(
    ocim: Installation, rollout: Rollout
) -> None:
    page = ocim("rollout", "report", rollout.pk, "--html").out
    [svg] = re.findall(r'<svg class="gantt".*\n</svg>', page, flags=re.DOTALL)
    picture = ET.fromstring(svg)  # noqa: S314 - our own
    bars = [
        [step for step in bar.iter("rect") if "step" in step.get("class", "")] for bar in picture
    ]
    assert [len(steps) > 2 for steps in bars if steps] == [True] * 3
    for step in (step for steps in bars for step in steps):
        left, width = (float(step.get(name, "").rstrip("%")) for name in ("x", "width"))
        assert 0 <= left < left + width <= 100.01
    words = [item.text for item in picture.iter("tspan") if item.get("class") == "state"]
    assert [str(text).split()[0] for text in words] == ["failed", "failed", "successful"]


def test_what_was_not_begun_has_no_bar(ocim: Installation, rollout: Rollout) -> None:
    Upgrade.objects.update(state="pending", started_at=None, ended_at=None)
    UpgradeStep.objects.all().delete()
    ran = ocim("rollout", "report", rollout.pk, "--html")
    assert ran.status == 0
    assert 'class="step' not in ran.out
    assert "pending" in ran.out


def test_it_is_written_into_a_file_for_its_owner(
    ocim: Installation, rollout: Rollout, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    ran = ocim("rollout", "report", rollout.pk, "--html", "--out", file)
    assert (ran.status, ran.out) == (0, "")
    assert file.read_text().startswith("<!doctype html>")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_named(ocim: Installation, rollout: Rollout) -> None:
    ran = ocim("rollout", "report", rollout.pk, "--out", "/nowhere/report")
    assert (ran.status, "--out: cannot write /nowhere/report" in ran.err) == (1, True)


def test_the_number_of_queries_does_not_grow_with_the_fleet(rollout: Rollout) -> None:
    with CaptureQueriesContext(connection) as many:
        assert len(report(rollout.pk, context().now()).instances) == 3
    failed = rollout.upgrades.filter(state="failed")
    rollout.upgrades.exclude(pk=failed[0].pk).delete()
    with CaptureQueriesContext(connection) as item:
        report(rollout.pk, context().now())
    assert len(many) == len(item) == 7


def test_it_says_what_each_step_came_to(ocim: Installation, rollout: Rollout) -> None:
    north, _, west = ocim("rollout", "report", rollout.pk, "--json").json["instances"]
    assert [(step["name"], step["state"]) for step in north["steps"]] == [
        ("preparation", "done"), ("dry run of migrations", "done"), ("SQL", "done"),
        ("settings", "done"), ("app servers", "done"), ("configuration", "done"), ("host", "done"),
        ("provisioning", "failed"),
    ]  # fmt: skip
    assert [step["name"] for step in west["steps"]][-4:] == [
        "health check", "activation", "public check", "tags",
    ]  # fmt: skip
    assert {step["state"] for step in west["steps"]} == {"done"}
    assert "provisioning failed" in ocim("rollout", "report", rollout.pk).out


def test_the_end_of_the_log_of_what_failed_is_in_it(ocim: Installation, rollout: Rollout) -> None:
    north, _, west = ocim("rollout", "report", rollout.pk, "--json").json["instances"]
    assert "no <tag>" in north["log"][-1]
    assert len(north["log"]) <= 20
    assert west["log"] == []
    assert "End of the log" in ocim("rollout", "report", rollout.pk, "--html").out


def test_it_says_who_did_what_to_it(ocim: Installation, rollout: Rollout) -> None:
    ocim("rollout", "retry", rollout.pk)
    history = ocim("rollout", "report", rollout.pk, "--json").json["history"]
    assert [item["kind"] for item in history] == ["begun", "ended", "retried", "ended"]
    assert [" on " in item["by"] for item in history] == [True, False, True, False]
    assert "retried by " in ocim("rollout", "report", rollout.pk).out


def test_it_says_how_to_go_on(ocim: Installation, rollout: Rollout) -> None:
    ended = ocim("rollout", "report", rollout.pk, "--json").json["commands"]
    assert set(ended) == {f"ocim rollout retry {rollout.pk}", f"ocim rollout undo {rollout.pk}"}
    Rollout.objects.update(state="paused", ended_at=None)
    paused = ocim("rollout", "report", rollout.pk, "--json").json["commands"]
    assert f"ocim rollout resume {rollout.pk}" in paused


def test_what_migrations_did_to_a_copy_is_in_it_and_what_that_means_for_an_undo(
    ocim: Installation,
) -> None:
    ocim.served(ocim.campus("edx_platform_commit=old", domain="north.example.com"))
    plan = "a.0002_b\n    Remove field c from D\n    Alter field e on F\n"
    log = "  Applying a.0002_b... OK (0.5s)\n"
    ocim.provisioner.migrations = {"edxapp": MigrationTexts(plan, log)}
    ocim("redeploy", "--tag=lilac", "--force", "--update={edx_platform_commit: new}")
    number = Rollout.objects.get().pk
    text = ocim("rollout", "report", number).out
    assert (
        "Dry run of migrations: 1 migration, 1 of them dropping what the old release uses" in text
    )
    assert "edxapp a.0002_b 0.50 s" in text
    assert "drops: a.D.c" in text
    assert "locks: a.F" in text
    html = ocim("rollout", "report", number, "--html").out
    assert "drops: a.D.c" in html
    [line] = ocim("rollout", "report", number, "--json").json["instances"]
    assert line["preview"]["migrations"][0]["drops"] == ["a.D.c"]
    output = ocim("rollout", "undo", number, "--yes")
    assert "migrations dropped what the old release uses: a.D.c" in output.out
    assert output.status != 0
    ocim.databases.close()


def test_sql_that_failed_is_counted_wherever_one_looks(
    ocim: Installation, rollout: Rollout
) -> None:
    count = f"SQL: 1 of 2 statements failed on {rollout.upgrades.order_by('id')[0].label}"
    pointer = f"see `ocim rollout report {rollout.pk}`"
    for command in ("show", "watch"):
        output = ocim("rollout", command, rollout.pk).out
        status = output[output.index("******* Status *******") :]
        assert f"  {count}; {pointer}" in " ".join(status.split("\n"))
        assert output.count("statements failed on") >= 3
    assert count in ocim("rollout", "report", rollout.pk).out
    failures = ocim("rollout", "report", rollout.pk, "--json").json["sql_failures"]
    assert [(failure["failed"], failure["statements"]) for failure in failures] == [(1, 2)] * 3
    html = ocim("rollout", "report", rollout.pk, "--html").out
    assert html.count("1 of 2 statements failed on") == 3
