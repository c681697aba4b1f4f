"""The modules of the built-in playbooks, with their arguments where Ansible writes them."""

import grp
import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.playbooks.app_servers import REPOSITORY

LIBRARY = REPOSITORY / "playbooks/library"
AWKWARD = 'it\'s "quoted" """ 50% #1 \\ \\" ß 😀\n- {two: lines}\n'


def run(module: str, *, check: bool = False, **arguments: object) -> dict[str, Any]:
    """Return the result of a module that runs from standard input, as with pipelining."""
    source = (LIBRARY / f"{module}.py").read_text()
    text = json.dumps({**arguments, "_ansible_check_mode": check})
    done = subprocess.run(
        [sys.executable, "-I"],
        input=source.replace("<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>", text),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_a_file_gets_its_content_and_mode_once(tmp_path: Path) -> None:
    path = tmp_path / "etc/lms.yml"
    file = {"path": str(path), "content": AWKWARD, "mode": "0640"}

    first, second = run("install_files", files=[file]), run("install_files", files=[file])

    assert (path.read_text(), path.stat().st_mode & 0o777) == (AWKWARD, 0o640)
    assert (first["changed_paths"], second["changed"]) == ([str(path)], False)
    assert AWKWARD not in str(first)
    assert [entry.name for entry in path.parent.iterdir()] == ["lms.yml"]


def test_wrong_attributes_are_a_change(tmp_path: Path) -> None:
    path = tmp_path / "lms.yml"
    path.write_text("same")
    path.chmod(0o666)
    file = {"path": str(path), "content": "same"}

    assert run("install_files", files=[file])["changed"]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to others")
def test_directories_and_files_get_an_owner_and_a_group(tmp_path: Path) -> None:
    other, group = pwd.getpwnam("nobody"), grp.getgrnam("daemon")
    names: dict[str, Any] = {"owner": other.pw_name, "group": group.gr_name}
    wanted: dict[str, Any] = {
        "directories": [str(tmp_path / "app")],
        "files": [{"path": f"{tmp_path}/a", "content": ""}],
    }

    results = [run("install_files", **wanted, **names) for _ in range(2)]

    assert [result["changed"] for result in results] == [True, False]
    for name in ("app", "a"):
        status = (tmp_path / name).stat()
        assert (status.st_uid, status.st_gid) == (other.pw_uid, group.gr_gid)


def test_a_link_is_replaced_where_it_leads_elsewhere(tmp_path: Path) -> None:
    link = tmp_path / "bin/manage"
    for target, is_change in (("/old", True), ("/new", True), ("/new", False)):
        assert run("install_files", links={str(link): target})["changed"] is is_change
        assert str(link.readlink()) == target


def test_in_check_mode_nothing_is_written_or_run(tmp_path: Path) -> None:
    path = str(tmp_path / "a")
    files = [{"path": path, "content": "", "mode": "0644"}]

    wanted = run("install_files", check=True, files=files, links={f"{path}/b": "/"})
    run("run_script", check=True, script=f"touch {path}")
    run("migrate_database", check=True, command=f"touch {path}")

    assert wanted["changed_paths"] == [path, f"{path}/b"]
    assert list(tmp_path.iterdir()) == []


def test_a_script_runs_in_its_directory_until_its_file_exists(tmp_path: Path) -> None:
    created = str(tmp_path / "complete")
    wanted: dict[str, Any] = {
        "script": "echo here: $PWD; touch complete",
        "chdir": str(tmp_path),
        "creates": created,
    }

    first, second = run("run_script", **wanted), run("run_script", **wanted)

    assert first == {"changed": True, "rc": 0, "stdout": f"here: {tmp_path}\n", "stderr": ""}
    assert second == {"changed": False, "rc": 0, "stdout": "", "stderr": ""}


@pytest.mark.parametrize(
    "module, name", [("run_script", "script"), ("migrate_database", "command")]
)
def test_a_command_that_fails_fails_the_task_with_what_it_said(module: str, name: str) -> None:
    result = run(module, **dict[str, Any]({name: "echo out; echo error >&2; exit 3"}))

    assert (result["failed"], result["rc"]) == (True, 3)
    assert (result["stdout"], result["stderr"]) == ("out\n", "error\n")


CRONTAB = """#!/bin/sh
case "$*" in
    "-u shop -l") cat "$CRONTAB" ;;
    "-u shop -") cat >"$CRONTAB" ;;
    *) exit 64 ;;
esac
"""


@pytest.fixture
def crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of the crontab of user `shop`, who has none yet."""
    program = tmp_path / "bin/crontab"
    program.parent.mkdir()
    program.write_text(CRONTAB)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CRONTAB", str(tmp_path / "crontab"))
    return tmp_path / "crontab"


def test_a_job_is_put_into_the_crontab_once(crontab: Path) -> None:
    job: dict[str, Any] = {"name": "refresh", "line": "43 * * * * a \\% b", "user": "shop"}

    first, second = run("cron_job", **job), run("cron_job", **job)

    assert (first, second) == ({"changed": True}, {"changed": False})
    assert crontab.read_text() == "#Ansible: refresh\n43 * * * * a \\% b\n"


def test_a_job_replaces_its_older_line_and_leaves_all_others(crontab: Path) -> None:
    crontab.write_text("1 * * * * mine\n#Ansible: refresh\n2 * * * * old\n3 * * * * last\n")

    run("cron_job", name="refresh", line="4 * * * * new", user="shop")

    assert crontab.read_text().splitlines() == [
        "1 * * * * mine", "3 * * * * last", "#Ansible: refresh", "4 * * * * new"
    ]  # fmt: skip


def test_a_crontab_that_cannot_be_written_fails_the_task(crontab: Path) -> None:
    assert run("cron_job", name="refresh", line="4 * * * * new", user="other")["failed"]
    assert not crontab.exists()


def test_a_job_is_not_written_in_check_mode(crontab: Path) -> None:
    assert run("cron_job", check=True, name="a", line="4 * * * * b", user="shop")["changed"]
    assert not crontab.exists()


@pytest.mark.parametrize(
    "said, is_change", [("Applying a.0001", True), ("No migrations to apply.", False)]
)
def test_the_command_says_whether_it_has_migrated(said: str, is_change: bool) -> None:
    assert run("migrate_database", command=f"echo '{said}'")["changed"] is is_change
