"""The limits of what a harmful playbook can read and do."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import PermanentError, ValidationError
from tests.adapters.ansible_support import Bench
from tests.adapters.git_support import Repository

KEY = "the master key"
needs_sandbox = pytest.mark.skipif(
    not Sandbox().isolation().is_sandbox, reason=Sandbox().isolation().detail
)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Return a directory with the files that the manager keeps beside those that a run needs."""
    directory = tmp_path / "var"
    (directory / "hosts" / "other").mkdir(parents=True)
    for name in ("master.key", "ocim.sqlite3", "hosts/other/lms.yml"):
        (directory / name).write_text(KEY)
    return directory


@pytest.fixture
def other_process() -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process of the same user, with a secret in its environment, like the manager's."""
    environment = {"OCIM_MASTER_KEY": KEY}
    with subprocess.Popen(["/bin/sleep", "1000"], env=environment) as process:
        yield process
        process.kill()


def seen(bench: Bench) -> str:
    """Return all output of a run, and all that it left on its host."""
    files = [path.read_text() for path in bench.root.rglob("*") if path.is_file()]
    return "\n".join([bench.log(), *files])


@needs_sandbox
def test_a_lookup_in_a_setting_cannot_read_the_managers_files(bench: Bench, secrets: Path) -> None:
    setting = "{{ lookup('pipe', 'cat " + f"{secrets}/* {secrets}/hosts/other/*; true" + "') }}"
    tasks = "- copy: {content: '[{{ setting }}]', dest: '{{ ocim_host_root }}/read'}"
    outcome = bench.run(bench.job(tasks, variables={"setting": setting}))
    if outcome.ok:  # newer Ansible may not even take a template from there
        assert KEY not in seen(bench)
    assert KEY not in outcome.message


@needs_sandbox
def test_a_role_that_looks_up_the_managers_files_reads_nothing(bench: Bench, secrets: Path) -> None:
    script = f"cat {secrets}/master.key {secrets}/hosts/other/lms.yml; echo done"
    tasks = f"""
- copy:
    content: "{{{{ lookup('pipe', '{script}') }}}}"
    dest: "{{{{ ocim_host_root }}}}/read"
"""
    assert bench.run(bench.job(tasks)).ok
    assert (bench.root / "read").read_text() == "done"


@needs_sandbox
def test_a_task_on_localhost_reads_nothing_of_other_processes(
    bench: Bench, other_process: subprocess.Popen[bytes]
) -> None:
    tasks = f"""
- shell: |
    cat /proc/[0-9]*/environ | tr '\\0' '\\n'
    ls -l /proc/{other_process.pid}/root || echo not there
    kill {other_process.pid} || echo not killed
  register: read
  delegate_to: localhost
- copy: {{content: "{{{{ read.stdout }}}}", dest: "{{{{ ocim_host_root }}}}/read"}}
"""
    assert bench.run(bench.job(tasks)).ok
    read = (bench.root / "read").read_text()
    assert "not there" in read
    assert "OCIM_RUN_DIRECTORY" in read  # its own it may read
    assert KEY not in seen(bench)


@needs_sandbox
def test_a_task_on_localhost_writes_nothing_outside(bench: Bench, secrets: Path) -> None:
    targets = [
        secrets / "new",
        bench.directory / "new",
        Path("/etc/ocim-new"),
        bench.playbooks / "x",
    ]
    script = "\n".join(f"    echo evil > {target}" for target in targets)
    tasks = f"- shell: |\n{script}\n    true\n  delegate_to: localhost"
    bench.run(bench.job(tasks))
    assert not [target for target in targets if target.exists()]


@needs_sandbox
def test_a_task_on_localhost_changes_nothing_of_the_kernel(bench: Bench) -> None:
    tasks = """
- shell: |
    find /proc/sys /proc/sysrq-trigger -writable -type f | head -3 > writable
    grep CapEff /proc/self/status > capabilities
    mount -t tmpfs none /mnt && echo mounted > mounted
    true
  args: {chdir: "{{ ocim_host_root }}"}
  delegate_to: localhost
"""
    assert bench.run(bench.job(tasks)).ok
    assert (bench.root / "writable").read_text() == ""
    assert int((bench.root / "capabilities").read_text().split()[1], 16) == 0
    assert not (bench.root / "mounted").exists()


@needs_sandbox
def test_code_that_runs_when_a_playbook_is_checked_reads_nothing(
    bench: Bench, secrets: Path
) -> None:
    lookup = "{{ lookup('pipe', 'cat " + f"{secrets}/master.key" + " 2>&1; true') }}"
    repository = Repository(bench.directory / "evil")
    repository.commit({"site.yml": f'- import_playbook: "{lookup}"\n'})
    job = replace(bench.job("[]"), source=repository.source("master"))
    with pytest.raises(ValidationError) as refused:
        bench.provisioner.check(job)
    assert "No such file" in str(refused.value)
    assert KEY not in str(refused.value)


@needs_sandbox
def test_what_the_job_names_besides_the_host_can_be_written(bench: Bench) -> None:
    storage = bench.directory / "storage" / "demo"
    job = bench.job("- copy: {content: hello, dest: '{{ storage }}/greeting'}")
    job = replace(job, variables={"storage": str(storage)}, directories=(str(storage),))
    assert bench.run(job).ok
    assert (storage / "greeting").read_text() == "hello"


def test_where_there_is_no_sandbox_it_is_said_and_goes_on() -> None:
    sandbox = Sandbox(program="no-such-program")
    assert sandbox.isolation().kind == "none"
    assert "not installed" in sandbox.isolation().detail
    assert sandbox.wrap(["true"]) == ["true"]


def test_a_sandbox_that_does_not_work_is_none(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho no namespaces >&2\nexit 1\n")
    broken.chmod(0o755)
    isolation = Sandbox(program=str(broken)).isolation()
    assert (isolation.is_sandbox, isolation.detail.endswith("no namespaces")) == (False, True)


def test_where_a_sandbox_is_required_and_there_is_none_nothing_runs() -> None:
    with pytest.raises(PermanentError, match="OCIM_REQUIRE_SANDBOX"):
        Sandbox(program="no-such-program", required=True).wrap(["true"])


@needs_sandbox
def test_what_is_hidden_is_not_seen_even_within_what_is_readable(tmp_path: Path) -> None:
    code = "import os, sys; print(os.listdir(sys.argv[1]))"
    hidden = Path(sys.prefix) / "bin"
    command = [os.path.realpath(sys.executable), "-c", code, str(hidden)]
    wrapped = Sandbox(hidden=[hidden]).wrap(command)
    assert subprocess.check_output(wrapped, text=True) == "[]\n"
