"""The look for what a run leaves finds it, names it, and blames nobody else."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests import leftovers
from tests.nspawn_hosts import needs_nspawn

ROOT = Path(__file__).parents[1]
SLEEP = (sys.executable, "-c", "import time; print(flush=True); time.sleep(1000)")
GROUPS = """
import pytest

running, begun = [], []

@pytest.fixture(scope="session")
def server():
    running.append("server")
    yield
    running.clear()

def test_of_no_group():
    assert begun == ["first"]

@pytest.mark.xdist_group("first")
def test_one(server):
    begun.append("first")

@pytest.mark.xdist_group("first")
def test_another():
    assert running

@pytest.mark.xdist_group("second")
def test_of_the_next_group():
    assert not running
"""
LEAVING = """
import pathlib, subprocess, sys

def test_something(tmp_path):
    sleep = [sys.executable, "-c", "import time; time.sleep(1000)"]
    pathlib.Path({pid!r}).write_text(str(subprocess.Popen(sleep, cwd=tmp_path).pid))
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Yield a process with nothing of this run in its environment."""
    with subprocess.Popen(SLEEP, cwd="/", env={}, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def test_a_process_in_its_directory_is_found(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP, cwd=tmp_path, env={}, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        result = leftovers.of_run(tmp_path)
        process.kill()
    assert [line for line in result if f"process {process.pid}: " in line]


def test_a_directory_of_its_name_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "SHARED", (tmp_path,))
    ours, others = tmp_path / f"{leftovers.PREFIX}x", tmp_path / "ocim-test-another-x"
    for path in (ours, others):
        path.mkdir()
    assert f"directory {ours}" in leftovers.of_run(tmp_path)
    assert f"directory {others}" not in leftovers.of_run(tmp_path)


def test_a_directory_that_speaks_of_the_run_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "SHARED", (tmp_path,))
    ours = tmp_path / "ocim-run-x"
    ours.mkdir()
    (ours / "inventory").write_text(f"root={tmp_path}/hosts/one\n")
    assert f"directory {ours}" in leftovers.of_run(tmp_path)
    assert f"directory {ours}" not in leftovers.of_run(Path("/another/run"))


@needs_nspawn
def test_a_mount_and_an_interface_are_found(tmp_path: Path) -> None:
    name, mounted = f"t-{leftovers.RUN}", tmp_path / "mounted"
    mounted.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", mounted], check=True)
    subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
    try:
        assert f"mount {mounted}" in leftovers.of_run(tmp_path)
        assert list(leftovers.of_network(name)) == [f"interface {name}"]
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)
        subprocess.run(["umount", mounted], check=True)


def test_what_is_of_others_is_not_blamed(tmp_path: Path, other: "subprocess.Popen[bytes]") -> None:
    assert not [line for line in leftovers.of_run(tmp_path) if f"process {other.pid}:" in line]


@pytest.mark.parametrize("leaves", [True, False])
def test_a_run_that_leaves_something_fails_and_names_it(tmp_path: Path, leaves: bool) -> None:
    """The run that leaves nothing also shows that groups come first, and end their fixtures."""
    base, pid = tmp_path / "base", tmp_path / "pid"
    test = tmp_path / "test_it.py"
    test.write_text(LEAVING.format(pid=str(pid)) if leaves else GROUPS)
    words = ["-q", "-n1", "--dist=loadgroup", "--no-loadscope-reorder"]
    words += ["-p", "tests.conftest", "-p", "no:randomly"]
    words += ["-c", os.devnull, f"--basetemp={base}", str(test)]
    environment = os.environ | {"TESTS_RUN": uuid4().hex[:8], "LEFTOVERS_PATIENCE": "0"}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        passed = "1 passed" if leaves else "4 passed"
        assert (ran.returncode, passed in ran.stdout) == (int(leaves), True), ran.stdout
        assert ("left on this machine" in ran.stdout) == leaves
    finally:
        if pid.exists():
            os.kill(int(pid.read_text()), signal.SIGKILL)
