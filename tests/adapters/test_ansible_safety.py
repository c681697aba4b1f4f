"""Secrets stay in, nothing of the manager gets in, and nothing is left behind."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from ocim.adapters.provisioners.run_directory import MARK
from ocim.core.errors import Cancelled
from ocim.core.provisioning import ProvisionEvent
from ocim.core.secrets import Secret
from tests.adapters.ansible_support import Bench, never

PASSWORD = 'pa"ss w0rd/ß'


def processes_of(bench: Bench) -> list[psutil.Process]:
    """Return all processes that run on behalf of this bench, whichever parent they have now."""
    processes = []
    for process in psutil.process_iter():
        try:
            if str(bench.runs) in process.environ().get(MARK, ""):
                processes.append(process)
        except psutil.Error:
            continue
    return processes


@pytest.fixture
def hanging(bench: Bench) -> Iterator[str]:
    """Yield tasks that leave a process in the background, and then hang."""
    yield "- shell: setsid sleep 1000 >/dev/null 2>&1 &\n- name: hang\n  command: sleep 1000"
    for process in processes_of(bench):
        process.kill()


def test_secrets_reach_the_tasks_and_never_the_events(bench: Bench) -> None:
    tasks = """
- copy: {content: "{{ account.password }}", dest: "{{ ocim_host_root }}/password"}
- debug: {msg: "password is {{ account.password }}"}
- debug: {msg: "in JSON: {{ account | to_json }}, in a URL: {{ account.password | urlencode }}"}
- name: "sign in with {{ account.password }}"
  shell: printf '%s' "$PASSWORD" >&2; exit 1
  environment: {PASSWORD: "{{ account.password }}"}
"""
    outcome = bench.run(bench.job(tasks, variables={"account": {"password": Secret(PASSWORD)}}))
    assert (bench.root / "password").read_text() == PASSWORD
    assert outcome.message == "********"
    assert "password is ********" in bench.log()
    assert "w0rd" not in repr(bench.events) + repr(outcome)


def test_what_a_run_is_told_is_in_private_files_and_not_in_arguments(bench: Bench) -> None:
    tasks = """
- shell: cat /proc/[0-9]*/cmdline > arguments; stat -c %a $RUN $RUN/env/* $RUN/inventory/* > modes
  args: {chdir: "{{ ocim_host_root }}"}
  environment: {RUN: "{{ lookup('env', 'OCIM_RUN_DIRECTORY') }}"}
"""
    bench.run(bench.job(tasks, variables={"password": Secret("s3cret-word")}))
    directory, *files = (bench.root / "modes").read_text().split()
    assert (directory, set(files)) == ("700", {"600"})
    assert "s3cret-word" not in (bench.root / "arguments").read_text()


def test_tasks_see_nothing_of_the_managers_environment(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIM_MASTER_KEY", "must not be seen")
    monkeypatch.setenv("DATABASE_URL", "must not be seen")
    assert bench.run(bench.job("- shell: env > {{ ocim_host_root }}/environment")).ok
    environment = (bench.root / "environment").read_text()
    assert "must not be seen" not in environment
    assert f"HOME={bench.root}\n" in environment


@pytest.mark.parametrize("task", ["command: 'true'", "command: 'false'"])
def test_the_private_directory_is_gone_after_a_run(bench: Bench, task: str) -> None:
    bench.run(bench.job(f"- {task}"))
    assert list(bench.runs.iterdir()) == []


def test_cancelling_ends_every_process_of_the_run(bench: Bench, hanging: str) -> None:
    job = bench.job(hanging)
    with pytest.raises(Cancelled):
        bench.run(job, is_cancelled=lambda: any(e.task == "hang" for e in bench.events))
    assert processes_of(bench) == []
    assert list(bench.runs.iterdir()) == []


def test_an_error_in_the_listener_ends_the_run_and_is_passed_on(bench: Bench, hanging: str) -> None:
    def listen(event: ProvisionEvent) -> None:
        if event.task == "hang":
            raise LookupError("the log is gone")

    with pytest.raises(LookupError, match="the log is gone"):
        bench.provisioner.provision(bench.job(hanging), on_event=listen, is_cancelled=never)
    assert processes_of(bench) == []


def test_a_run_whose_process_is_killed_has_failed(bench: Bench, hanging: str) -> None:
    def kill(event: ProvisionEvent) -> None:
        if event.task == "hang":
            for process in psutil.Process().children():
                if "ansible.child" in " ".join(process.cmdline()):
                    process.kill()

    outcome = bench.provisioner.provision(bench.job(hanging), on_event=kill, is_cancelled=never)
    assert (outcome.ok, outcome.failed_task) == (False, "hang")
    assert "ended unexpectedly" in outcome.message
    assert processes_of(bench) == []


MANAGER = """
import sys
from pathlib import Path
from tests.adapters.ansible_support import Bench, never

bench = Bench(Path(sys.argv[1]))
bench.provisioner.provision(
    bench.job(sys.argv[2]),
    on_event=lambda event: print(event.task, flush=True),
    is_cancelled=never,
)
"""


@pytest.fixture
def manager(bench: Bench, hanging: str) -> Iterator[subprocess.Popen[str]]:
    """Yield another process that provisions on the bench, and has come to where it hangs."""
    with subprocess.Popen(
        [sys.executable, "-c", MANAGER, str(bench.directory), hanging],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "hang\n" in iter(process.stdout.readline, "")
        yield process
        process.kill()


def test_a_run_goes_at_once_when_its_manager_is_killed(
    manager: subprocess.Popen[str], bench: Bench
) -> None:
    assert len(processes_of(bench)) > 2
    manager.kill()
    while processes_of(bench):  # the suite's own time limit is what fails
        time.sleep(0.05)
    assert list(bench.runs.iterdir()) == []


def test_a_run_that_was_killed_with_its_manager_is_ended_by_the_next_manager(
    manager: subprocess.Popen[str], bench: Bench
) -> None:
    (child,) = psutil.Process(manager.pid).children()
    child.suspend()  # so that it cannot clean up itself
    manager.kill()
    manager.wait()
    assert processes_of(bench)
    bench.provisioner.remove_abandoned()
    assert processes_of(bench) == []
    assert list(bench.runs.iterdir()) == []


def test_a_run_that_is_watched_is_not_taken_for_abandoned(bench: Bench) -> None:
    job = bench.job("- command: 'true'")
    outcome = bench.provisioner.provision(
        job, on_event=lambda _: bench.provisioner.remove_abandoned(), is_cancelled=never
    )
    assert outcome.ok
