"""Builds, checks and runs that would use up the machine are ended, and it is said why."""

import os
import sys
from pathlib import Path

import pytest

from ocim.adapters import limits
from ocim.adapters.limits import LimitReached, Limits, confinement, in_force
from ocim.adapters.provisioners.ansible.provisioner import AnsibleProvisioner
from ocim.adapters.provisioners.ansible.recipes import ANSIBLE, recipe
from ocim.adapters.provisioners.environments import Environments
from ocim.adapters.sandbox import Sandbox, View
from ocim.core.errors import TransientError
from ocim.core.hosts import Ran
from tests.adapters.ansible_support import Bench
from tests.adapters.test_ansible_builds import evil
from tests.adapters.test_ansible_sandbox import needs_sandbox

SMALL = Limits(memory=200, processes=40, file_size=1, build_seconds=60)
FORK_BOMB = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
HOG = "held = []\nwhile True: held.append(bytearray(2**20))\n"
needs_groups = pytest.mark.skipif(
    bool(in_force(SMALL)[1]), reason="needs control groups for memory and processes"
)


def run(tmp_path: Path, code: str, wanted: Limits = SMALL, seconds: float = 60) -> Ran:
    return Sandbox(limits=wanted).run(
        [os.path.realpath(sys.executable), "-c", code],
        View(writable=(tmp_path,)),
        cwd=tmp_path,
        environment={"PATH": "/usr/bin:/bin"},
        timeout=seconds,
    )


@needs_groups
@needs_sandbox
@pytest.mark.parametrize(
    "code, reason",
    [(FORK_BOMB, "more than 40 processes"), (HOG, "more than 200 MiB of memory")],
    ids=["fork bomb", "memory hog"],
)
def test_what_takes_too_much_is_ended_with_the_reason(
    tmp_path: Path, code: str, reason: str
) -> None:
    with pytest.raises(LimitReached, match=reason):
        run(tmp_path, code)


def test_a_file_without_end_ends_at_the_limit(tmp_path: Path) -> None:
    done = run(tmp_path, "with open('big', 'wb') as file:\n    while True: file.write(bytes(9999))")
    assert done.status != 0
    assert "File too large" in done.errors
    assert (tmp_path / "big").stat().st_size <= limits.MIB


def test_an_output_without_end_is_ended_and_only_its_end_is_kept(tmp_path: Path) -> None:
    roomy = Limits(file_size=64)
    with pytest.raises(LimitReached, match="printed more than"):
        run(tmp_path, "while True: print('x' * 10**6)", roomy)


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="more than 1 s"):
        run(tmp_path, "import time; time.sleep(1000)", seconds=1)


def test_a_disk_that_is_nearly_full_ends_what_writes_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LEFT_FREE", 2**60)
    monkeypatch.setattr(limits, "PART_FREE", 1)
    with pytest.raises(LimitReached, match="is nearly full"):
        run(tmp_path, "import time; time.sleep(1000)")


def test_limits_leave_no_control_groups_behind() -> None:
    with confinement(SMALL) as confined:
        groups = set(confined.groups.values())
        assert all(group.is_dir() for group in groups)
    assert not any(group.exists() for group in groups)


def test_where_there_are_no_control_groups_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CGROUPS", tmp_path)
    sentence, missing = in_force(SMALL)
    assert "memory of each process, not of all together" in sentence
    assert "memory" in missing
    assert "Control groups" not in sentence


def test_where_there_are_no_control_groups_each_process_has_a_limit_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CGROUPS", tmp_path)
    done = run(tmp_path, HOG)
    assert "MemoryError" in done.errors


@needs_groups
@needs_sandbox
def test_a_run_that_takes_too_much_fails_with_the_reason(bench: Bench) -> None:
    provisioner = AnsibleProvisioner(
        builtin=bench.playbooks,
        cache=bench.directory / "cache",
        runs=bench.runs,
        sandbox=Sandbox(limits=Limits(memory=1000, processes=60)),
    )
    bench.provisioner = provisioner
    (bench.root / "bomb.py").write_text(FORK_BOMB)
    outcome = bench.run(bench.job("- name: bomb\n  command: python3 {{ ocim_host_root }}/bomb.py"))
    assert (outcome.ok, outcome.failed_task) == (False, "bomb")
    assert "more than 60 processes" in outcome.message
    assert list(bench.runs.iterdir()) == []


@needs_groups
@needs_sandbox
def test_a_build_that_takes_too_much_is_refused_with_the_reason(tmp_path: Path) -> None:
    checkout, directory = tmp_path / "checkout", tmp_path / "environments"
    checkout.mkdir()
    for name, text in evil(checkout, directory, HOG).items():
        (checkout / name).write_text(text)
    wanted = recipe(checkout)
    assert wanted
    environments = Environments(directory, Sandbox(limits=Limits(memory=400)), ANSIBLE)
    with (
        pytest.raises(LimitReached, match="more than 400 MiB of memory"),
        environments.environment(wanted),
    ):
        pass
