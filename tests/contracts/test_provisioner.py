"""The contract of every provisioner."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import pytest

from ocim.adapters.memory.provisioners import MemoryProvisioner, MemoryRun
from ocim.core.errors import (
    Cancelled,
    Conflict,
    TransientError,
    ValidationError,
)
from ocim.core.hosts import Connection, Host
from ocim.core.provisioning import (
    ConfigurationSource,
    MigrationTexts,
    Part,
    ProvisionEvent,
    ProvisionJob,
)
from ocim.ports.provisioners import Provisioner
from tests.adapters.ansible_support import Bench, never

TASKS = """
- name: first
  copy: {content: "{{ greeting }}", dest: "{{ ocim_host_root }}/first"}
- name: second
  copy: {content: "{{ greeting }}", dest: "{{ ocim_host_root }}/second"}
- name: last
  %s
"""

IMAGE = """
- hosts: openedx_app
  gather_facts: false
  tasks:
    - name: first
      copy: {content: "{{ greeting }}", dest: "{{ ocim_host_root }}/first"}
"""

MIGRATIONS = """
- hosts: openedx_app
  gather_facts: false
  tasks:
    - set_stats: {data: {migrations: {edxapp: {plan: "{{ greeting }}"}}}}
    - set_stats: {data: {migrations: {edxapp: {log: done}}}}
"""


@dataclass
class Kind:
    """A provisioner of one kind, and jobs for it."""

    provisioner: Provisioner
    good: ProvisionJob
    failing: Callable[[], ProvisionJob]
    """A job whose task `last` fails with `no space left`."""
    endless: Callable[[], ProvisionJob]
    """A job that hangs in its last task."""
    refused: ProvisionJob
    """A job whose configuration lacks something."""
    without_images: ProvisionJob
    """Nor can its migrations be run alone."""


def ansible(directory: Path) -> Kind:
    bench = Bench(directory)
    variables = {"greeting": "hello"}
    (bench.playbooks / "site.image.yml").write_text(IMAGE)
    (bench.playbooks / "site.migrations.yml").write_text(MIGRATIONS)
    (bench.playbooks / "other.yml").write_text("- hosts: openedx_app\n")
    good = bench.job(TASKS % "command: 'true'\n  changed_when: false", variables=variables)
    return Kind(
        provisioner=bench.provisioner,
        good=good,
        failing=lambda: bench.job(TASKS % "fail: {msg: no space left}", variables=variables),
        endless=lambda: bench.job(TASKS % "command: sleep 1000", variables=variables),
        refused=replace(good, source=ConfigurationSource("builtin", "", "missing.yml")),
        without_images=replace(good, source=ConfigurationSource("builtin", "", "other.yml")),
    )


def memory(directory: Path) -> Kind:
    tasks = ("first", "second", "last")
    provisioner = MemoryProvisioner(
        runs={
            "good": MemoryRun(tasks),
            "failing": MemoryRun(tasks, fails_with="no space left"),
            "endless": MemoryRun(tasks, may_end=Event()),
        },
        refusals={"missing.yml": ValidationError(["There is no playbook missing.yml."])},
        without_images={"other.yml"},
    )
    provisioner.shared = frozenset({"greeting"})
    provisioner.migrations = {"edxapp": MigrationTexts("hello", "done")}

    def job(name: str, playbook: str = "site.yml") -> ProvisionJob:
        return ProvisionJob(
            host=Host(name, "memory", "10.0.0.1", Connection("local"), str(directory)),
            source=ConfigurationSource("builtin", "", playbook),
            variables={"greeting": "hello"},
        )

    return Kind(
        provisioner=provisioner,
        good=job("good"),
        failing=lambda: job("failing"),
        endless=lambda: job("endless"),
        refused=job("good", "missing.yml"),
        without_images=job("good", "other.yml"),
    )


@pytest.fixture(params=[memory, ansible], ids=["memory", "ansible"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    made: Kind = request.param(tmp_path)
    return made


def ignore(event: ProvisionEvent) -> None:
    """Ignore the event, for tests that look at the outcome only."""


def test_what_can_work_passes_the_check_which_returns_what_was_checked(kind: Kind) -> None:
    assert kind.provisioner.check(kind.good) == kind.good.source


def test_it_says_how_what_it_runs_is_kept_from_the_manager(kind: Kind) -> None:
    assert kind.provisioner.isolation().detail.endswith(".")


def test_what_cannot_work_is_refused_by_the_check_and_by_the_run(kind: Kind) -> None:
    with pytest.raises(ValidationError, match=r"missing\.yml"):
        kind.provisioner.check(kind.refused)
    with pytest.raises(ValidationError, match=r"missing\.yml"):
        kind.provisioner.provision(kind.refused, on_event=ignore, is_cancelled=never)


def test_a_second_run_changes_nothing(kind: Kind) -> None:
    first = kind.provisioner.provision(kind.good, on_event=ignore, is_cancelled=never)
    second = kind.provisioner.provision(kind.good, on_event=ignore, is_cancelled=never)
    assert (first.ok, first.changed > 0) == (True, True)
    assert (second.ok, second.changed) == (True, 0)


def test_other_variables_are_a_change(kind: Kind) -> None:
    kind.provisioner.provision(kind.good, on_event=ignore, is_cancelled=never)
    other = replace(kind.good, variables={"greeting": "good evening"})
    outcome = kind.provisioner.provision(other, on_event=ignore, is_cancelled=never)
    assert outcome.changed > 0


def part(kind: Kind, which: Part) -> ProvisionJob:
    return replace(kind.good, part=which, image_inputs=kind.provisioner.image_inputs(kind.good))


def test_what_an_image_depends_on_is_the_same_for_the_same_job(kind: Kind) -> None:
    inputs = kind.provisioner.image_inputs(kind.good)
    assert inputs == kind.provisioner.image_inputs(kind.good) != {}
    other_host = replace(kind.good, host=replace(kind.good.host, name="planned"))
    assert inputs == kind.provisioner.image_inputs(other_host)


def test_another_variable_that_the_image_part_reads_is_another_input(kind: Kind) -> None:
    other = replace(kind.good, variables={"greeting": "good evening"})
    assert kind.provisioner.image_inputs(other) != kind.provisioner.image_inputs(kind.good)


def test_the_image_part_and_the_instance_part_give_what_the_whole_gives(kind: Kind) -> None:
    for which in (Part.IMAGE, Part.INSTANCE):
        job = part(kind, which)
        assert kind.provisioner.provision(job, on_event=ignore, is_cancelled=never).ok
    whole = kind.provisioner.provision(kind.good, on_event=ignore, is_cancelled=never)
    assert (whole.ok, whole.changed) == (True, 0)


def test_a_part_whose_image_depends_on_something_else_by_now_is_not_run(kind: Kind) -> None:
    other = replace(part(kind, Part.INSTANCE), variables={"greeting": "good evening"})
    with pytest.raises(TransientError, match="changed meanwhile"):
        kind.provisioner.provision(other, on_event=ignore, is_cancelled=never)


def test_a_configuration_without_an_image_part_says_so(kind: Kind) -> None:
    with pytest.raises(Conflict, match="There are no images for"):
        kind.provisioner.image_inputs(kind.without_images)


def test_migrations_that_are_run_alone_are_reported(kind: Kind) -> None:
    job = replace(kind.good, part=Part.MIGRATIONS)
    assert kind.provisioner.check(job) == job.source
    outcome = kind.provisioner.provision(job, on_event=ignore, is_cancelled=never)
    assert (outcome.ok, outcome.migrations) == (True, {"edxapp": MigrationTexts("hello", "done")})


def test_a_configuration_that_cannot_run_migrations_alone_says_so(kind: Kind) -> None:
    job = replace(kind.without_images, part=Part.MIGRATIONS)
    with pytest.raises(Conflict, match=r"only (runs|run) migrations"):
        kind.provisioner.check(job)


def test_results_are_told_in_order_with_their_time(kind: Kind) -> None:
    events: list[ProvisionEvent] = []
    kind.provisioner.provision(kind.good, on_event=events.append, is_cancelled=never)
    results = [event for event in events if event.status]
    assert [event.task for event in results] == ["first", "second", "last"]
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert all(event.time.tzinfo and event.seconds is not None for event in results)


def test_a_failure_names_the_task_and_what_it_said(kind: Kind) -> None:
    events: list[ProvisionEvent] = []
    job = kind.failing()
    outcome = kind.provisioner.provision(job, on_event=events.append, is_cancelled=never)
    assert (outcome.ok, outcome.failed_task, outcome.message) == (False, "last", "no space left")
    (error,) = [event for event in events if event.level == "error"]
    assert (error.task, error.status) == ("last", "failed")


def test_a_run_can_be_cancelled_while_it_hangs(kind: Kind) -> None:
    events: list[ProvisionEvent] = []
    with pytest.raises(Cancelled):
        kind.provisioner.provision(
            kind.endless(),
            on_event=events.append,
            is_cancelled=lambda: any(event.task == "last" for event in events),
        )


def test_an_error_of_the_listener_ends_the_run(kind: Kind) -> None:
    def listen(event: ProvisionEvent) -> None:
        raise LookupError("the log is gone")

    with pytest.raises(LookupError, match="the log is gone"):
        kind.provisioner.provision(kind.endless(), on_event=listen, is_cancelled=never)
