"""The contract of every provisioner."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest

from demo.engine import Engine
from ocim.adapters.memory.provisioners import MemoryProvisioner, MemoryRun
from ocim.adapters.provisioners.tutor.run import RENDER, START
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
from tests.docker_engine import needs_docker
from tests.remote_engine import needs_elsewhere, remote_engine
from tests.tutor_bench import Bench as TutorBench
from tests.tutor_bench import bench as tutor_bench

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
    """A job that hangs in the task `last`."""
    refused: ProvisionJob
    """A job whose configuration lacks something that is named `missing`."""
    without_images: ProvisionJob
    """Nor can its migrations be run alone, if it is of a repository."""
    tasks: tuple[str, ...] = ("first", "second", "last")
    """Tasks of the good job, in their order."""
    last: str = "last"
    other: Mapping[str, object] = field(default_factory=lambda: {"greeting": "good evening"})
    """Variables of another value."""
    migrations: tuple[str, ...] = ("edxapp",)
    """Services whose migrations are run alone, which say `hello` and `done`."""


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


@pytest.fixture(scope="module")
def tutors(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TutorBench]:
    engine: Engine = request.getfixturevalue("engine")
    with tutor_bench(tmp_path_factory.mktemp("tutor"), engine) as bench:
        yield bench


@pytest.fixture(scope="module")
def tutors_elsewhere(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TutorBench]:
    engine: Engine = request.getfixturevalue("engine")
    directory = tmp_path_factory.mktemp("elsewhere")
    with (
        remote_engine(directory / "box", engine) as at,
        tutor_bench(directory, engine, at=at) as bench,
    ):
        yield bench


def tutor(tutors: TutorBench) -> Iterator[Kind]:
    """Yield a kind whose app server is gone afterwards."""
    good = tutors.job()
    yield Kind(
        provisioner=tutors.provisioner,
        good=good,
        failing=lambda: replace(good, variables=tutors.variables("failing")),
        endless=lambda: replace(good, variables=tutors.variables("endless")),
        refused=replace(good, variables=tutors.variables("good", TUTOR_PLUGINS=["missing"])),
        without_images=good,
        tasks=(RENDER, "lms: lms", "cms: cms", START),
        last="cms: cms",
        other={"EDXAPP_PLATFORM_NAME": "Another"},
        migrations=("lms", "cms"),
    )
    tutors.provider.destroy(good.host.name)


REPOSITORIES = {"memory": memory, "ansible": ansible}
"""Kinds whose configuration is a repository, with parts for images and for migrations."""
DOCKER = [needs_docker, pytest.mark.xdist_group("docker")]


ELSEWHERE = [*needs_elsewhere, pytest.mark.xdist_group("docker")]


@pytest.fixture(
    params=[
        *REPOSITORIES,
        pytest.param("tutors", marks=DOCKER),
        pytest.param("tutors_elsewhere", marks=ELSEWHERE),
    ]
)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    if request.param in REPOSITORIES:
        yield REPOSITORIES[request.param](tmp_path)
    else:
        yield from tutor(request.getfixturevalue(request.param))


@pytest.fixture(params=REPOSITORIES)
def of_repository(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    return REPOSITORIES[request.param](tmp_path)


def ignore(event: ProvisionEvent) -> None:
    """Ignore the event, for tests that look at the outcome only."""


def test_what_can_work_passes_the_check_which_returns_what_was_checked(kind: Kind) -> None:
    assert kind.provisioner.check(kind.good) == kind.good.source


def test_it_says_how_what_it_runs_is_kept_from_the_manager(kind: Kind) -> None:
    assert kind.provisioner.isolation().detail.endswith(".")


def test_what_it_needs_on_this_machine_is_there(kind: Kind) -> None:
    kind.provisioner.examine()


def test_what_cannot_work_is_refused_by_the_check_and_by_the_run(kind: Kind) -> None:
    with pytest.raises(ValidationError, match="missing"):
        kind.provisioner.check(kind.refused)
    with pytest.raises(ValidationError, match="missing"):
        kind.provisioner.provision(kind.refused, on_event=ignore, is_cancelled=never)


def test_a_second_run_changes_nothing(kind: Kind) -> None:
    first = kind.provisioner.provision(kind.good, on_event=ignore, is_cancelled=never)
    second = kind.provisioner.provision(kind.good, on_event=ignore, is_cancelled=never)
    assert (first.ok, first.changed > 0) == (True, True)
    assert (second.ok, second.changed) == (True, 0)


def test_other_variables_are_a_change(kind: Kind) -> None:
    kind.provisioner.provision(kind.good, on_event=ignore, is_cancelled=never)
    other = replace(kind.good, variables={**kind.good.variables, **kind.other})
    outcome = kind.provisioner.provision(other, on_event=ignore, is_cancelled=never)
    assert outcome.changed > 0


def part(kind: Kind, which: Part) -> ProvisionJob:
    return replace(kind.good, part=which, image_inputs=kind.provisioner.image_inputs(kind.good))


def test_what_an_image_depends_on_is_the_same_for_the_same_job(of_repository: Kind) -> None:
    inputs = of_repository.provisioner.image_inputs(of_repository.good)
    assert inputs == of_repository.provisioner.image_inputs(of_repository.good) != {}
    other_host = replace(of_repository.good, host=replace(of_repository.good.host, name="planned"))
    assert inputs == of_repository.provisioner.image_inputs(other_host)


def test_another_variable_that_the_image_part_reads_is_another_input(of_repository: Kind) -> None:
    other = replace(of_repository.good, variables={"greeting": "good evening"})
    assert of_repository.provisioner.image_inputs(other) != of_repository.provisioner.image_inputs(
        of_repository.good
    )


def test_the_image_part_and_the_instance_part_give_what_the_whole_gives(
    of_repository: Kind,
) -> None:
    for which in (Part.IMAGE, Part.INSTANCE):
        job = part(of_repository, which)
        assert of_repository.provisioner.provision(job, on_event=ignore, is_cancelled=never).ok
    whole = of_repository.provisioner.provision(
        of_repository.good, on_event=ignore, is_cancelled=never
    )
    assert (whole.ok, whole.changed) == (True, 0)


def test_a_part_whose_image_depends_on_something_else_by_now_is_not_run(
    of_repository: Kind,
) -> None:
    other = replace(part(of_repository, Part.INSTANCE), variables={"greeting": "good evening"})
    with pytest.raises(TransientError, match="changed meanwhile"):
        of_repository.provisioner.provision(other, on_event=ignore, is_cancelled=never)


def test_a_configuration_without_an_image_part_says_so(kind: Kind) -> None:
    with pytest.raises(Conflict, match="There are no images for"):
        kind.provisioner.image_inputs(kind.without_images)


def test_migrations_that_are_run_alone_are_reported(kind: Kind) -> None:
    job = replace(kind.good, part=Part.MIGRATIONS)
    assert kind.provisioner.check(job) == job.source
    outcome = kind.provisioner.provision(job, on_event=ignore, is_cancelled=never)
    texts = {
        name: MigrationTexts(texts.plan.strip(), texts.log.strip())
        for name, texts in outcome.migrations.items()
    }
    assert (outcome.ok, texts) == (
        True,
        dict.fromkeys(kind.migrations, MigrationTexts("hello", "done")),
    )


def test_a_configuration_that_cannot_run_migrations_alone_says_so(of_repository: Kind) -> None:
    job = replace(of_repository.without_images, part=Part.MIGRATIONS)
    with pytest.raises(Conflict, match=r"only (runs|run) migrations"):
        of_repository.provisioner.check(job)


def test_results_are_told_in_order_with_their_time(kind: Kind) -> None:
    events: list[ProvisionEvent] = []
    kind.provisioner.provision(kind.good, on_event=events.append, is_cancelled=never)
    results = [event for event in events if event.status]
    assert [event.task for event in results] == list(kind.tasks)
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert all(event.time.tzinfo and event.seconds is not None for event in results)


def test_a_failure_names_the_task_and_what_it_said(kind: Kind) -> None:
    events: list[ProvisionEvent] = []
    job = kind.failing()
    outcome = kind.provisioner.provision(job, on_event=events.append, is_cancelled=never)
    assert (outcome.ok, outcome.failed_task) == (False, kind.last)
    assert outcome.message.splitlines()[0] == "no space left"
    (error,) = [event for event in events if event.level == "error"]
    assert (error.task, error.status) == (kind.last, "failed")


def test_a_run_can_be_cancelled_while_it_hangs(kind: Kind) -> None:
    events: list[ProvisionEvent] = []
    with pytest.raises(Cancelled):
        kind.provisioner.provision(
            kind.endless(),
            on_event=events.append,
            is_cancelled=lambda: any(event.task == kind.last for event in events),
        )


def test_an_error_of_the_listener_ends_the_run(kind: Kind) -> None:
    def listen(event: ProvisionEvent) -> None:
        raise LookupError("the log is gone")

    with pytest.raises(LookupError, match="the log is gone"):
        kind.provisioner.provision(kind.endless(), on_event=listen, is_cancelled=never)
