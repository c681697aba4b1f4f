"""The end of a run, and the first line that the operator reads about it."""

from dataclasses import replace
from pathlib import Path

import pytest

from ocim.core.errors import ValidationError
from ocim.core.provisioning import ConfigurationSource
from tests.adapters.ansible_support import Bench


def test_a_run_that_succeeds_counts_what_it_changed(bench: Bench) -> None:
    tasks = """
- name: make a file
  copy: {content: hello, dest: "{{ ocim_host_root }}/greeting"}
- name: look at it
  stat: {path: "{{ ocim_host_root }}/greeting"}
"""
    outcome = bench.run(bench.job(tasks))
    assert (outcome.ok, outcome.changed) == (True, 1), outcome
    assert (bench.root / "greeting").read_text() == "hello"


def test_a_second_run_changes_nothing(bench: Bench) -> None:
    job = bench.job("- copy: {content: hello, dest: '{{ ocim_host_root }}/greeting'}")
    bench.run(job)
    assert bench.run(job).changed == 0


def test_results_arrive_as_events_with_status_and_duration(bench: Bench) -> None:
    bench.run(bench.job("- name: greet\n  command: echo hello"))
    (result,) = [event for event in bench.events if event.status]
    assert (result.status, result.task, result.level) == ("changed", "greet", "info")
    assert result.seconds is not None
    assert result.text == "changed: [demo-1] greet"
    assert any(event.task == "greet" and not event.status for event in bench.events)


def test_a_failed_command_is_told_by_the_last_lines_of_its_error(bench: Bench) -> None:
    script = "echo Applying thumbnail.0001_initial...; echo 'table exists' >&2; exit 1"
    outcome = bench.run(bench.job(f'- name: migrate\n  shell: "{script}"'))
    assert not outcome.ok
    assert outcome.failed_task == "migrate"
    assert outcome.message.splitlines() == ["table exists", "Applying thumbnail.0001_initial..."]


def test_a_failed_task_is_an_error_in_the_log(bench: Bench) -> None:
    bench.run(bench.job("- name: stop here\n  fail: {msg: no space left}"))
    (error,) = [event for event in bench.events if event.level == "error"]
    assert (error.status, error.task) == ("failed", "stop here")
    assert "no space left" in error.text


def test_ignored_and_rescued_errors_are_not_failures(bench: Bench) -> None:
    tasks = """
- fail: {msg: ignored}
  ignore_errors: true
- block: [{fail: {msg: rescued}}]
  rescue: [{command: "true"}]
"""
    assert bench.run(bench.job(tasks)).ok


def test_what_a_rescue_says_at_last_is_the_message(bench: Bench) -> None:
    tasks = """
- block: [{name: look, fail: {msg: it does not answer}}]
  rescue: [{name: explain, fail: {msg: it does not answer because the disk is full}}]
"""
    outcome = bench.run(bench.job(tasks))
    assert outcome.message == "it does not answer because the disk is full"


def test_the_item_of_a_loop_that_failed_is_told(bench: Bench) -> None:
    tasks = '- name: each\n  fail: {msg: "bad {{ item }}"}\n  when: item == 2\n  loop: [1, 2, 3]'
    outcome = bench.run(bench.job(tasks))
    assert (outcome.failed_task, outcome.message) == ("each", "bad 2")


def test_an_undefined_variable_is_named(bench: Bench) -> None:
    outcome = bench.run(bench.job('- name: greet\n  command: "echo {{ EDXAPP_NOWHERE }}"'))
    assert outcome.failed_task == "greet"
    assert "EDXAPP_NOWHERE" in outcome.message.splitlines()[0]


@pytest.mark.parametrize("depth", [0, 10])
def test_an_unreachable_host_is_told_however_long_the_paths_are(tmp_path: Path, depth: int) -> None:
    directory = tmp_path.joinpath(*["directory"] * depth)
    directory.mkdir(parents=True, exist_ok=True)
    bench = Bench(directory)
    job = bench.job("- command: 'true'")
    connection = replace(job.host.connection, kind="ssh", port=1, user="nobody")
    host = replace(job.host, connection=connection, address="127.0.0.1")
    outcome = bench.run(replace(job, host=host))
    assert not outcome.ok
    assert "port 1" in outcome.message
    assert any(event.status == "unreachable" for event in bench.events)


def test_a_task_without_a_sign_of_life_is_ended_and_named(bench: Bench) -> None:
    outcome = bench.run(bench.job("- name: hang\n  command: sleep 1000", task_timeout=2))
    assert (outcome.ok, outcome.failed_task) == (False, "hang")
    assert "2 seconds" in outcome.message


def test_a_run_that_takes_too_long_is_ended(bench: Bench) -> None:
    tasks = "- name: chatter\n  command: sleep 0.2\n  loop: '{{ range(1000) | list }}'"
    outcome = bench.run(bench.job(tasks, total_timeout=3))
    assert (outcome.ok, outcome.failed_task) == (False, "chatter")
    assert "3 seconds" in outcome.message


def test_a_good_playbook_passes_the_check(bench: Bench) -> None:
    bench.provisioner.check(bench.job("- command: 'true'"))


def test_a_playbook_that_ansible_cannot_parse_is_refused(bench: Bench) -> None:
    with pytest.raises(ValidationError, match="no_such_module"):
        bench.provisioner.check(bench.job("- no_such_module: {}"))


def test_a_syntax_error_during_a_run_is_told(bench: Bench) -> None:
    outcome = bench.run(bench.job("- no_such_module: {}"))
    assert not outcome.ok
    assert "no_such_module" in outcome.message


def test_a_playbook_that_is_not_there_is_refused_with_those_that_are(bench: Bench) -> None:
    job = replace(bench.job("[]"), source=ConfigurationSource("builtin", "", "other.yml"))
    with pytest.raises(ValidationError, match=r"site\.yml"):
        bench.provisioner.check(job)


def test_a_playbook_of_ocims_own_that_was_changed_is_checked_again(bench: Bench) -> None:
    job = bench.job("- debug: {msg: hello}")
    bench.provisioner.check(job)
    with (bench.playbooks / "site.yml").open("a") as opened:
        opened.write("    - nonsense: {}\n      debug: {}\n")
    with pytest.raises(ValidationError, match="nonsense"):
        bench.provisioner.check(job)
