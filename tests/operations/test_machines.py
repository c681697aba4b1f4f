"""Several machines with one database: what they share, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ocim.adapters.memory.providers import MemoryProvider
from ocim.core.errors import Conflict, ValidationError
from ocim.core.rollout_request import RolloutRequest
from ocim.operations import machines, workers
from ocim.operations.doctor.machines import check_machines
from ocim.operations.look import look
from ocim.operations.rollouts.plan import make_plan
from ocim.store.models import DatabaseServer
from tests.world import QUEUE, World


@pytest.fixture
def other(world: World) -> World:
    """Return the world with a worker of another machine."""
    begin(world, "other")
    return world


def begin(world: World, machine: str, version: str = "1.0") -> None:
    context = replace(world.context(f"{machine}-1"), machine=machine)
    workers.begin(queue=QUEUE, threads=2, version=version, context=context)


def test_one_machine_may_have_hosts_of_its_own(world: World) -> None:
    begin(world, "manager")

    assert machines.names(world.context()) == ["manager"]
    assert world.spawn(world.make_instance()).state == "running"


def test_local_hosts_and_files_are_refused_by_name(other: World) -> None:
    instance = other.make_instance()

    with pytest.raises(Conflict) as caught:
        other.request_spawn(instance)

    assert caught.value.problem.splitlines() == [
        f"{instance}: provider: hosts of kind 'local' are on the machine that creates them, and"
        " this installation has workers on manager and other.",
        f"{instance}: database server databases keeps its files on one machine, and this"
        " installation has workers on manager and other.",
    ]
    assert "`ssh`" in caught.value.remedy


def test_hosts_that_all_machines_reach_are_not_refused(other: World) -> None:
    other.more_providers["ssh"] = MemoryProvider(other.cloud, kind="ssh")
    DatabaseServer.objects.update(directory="")
    instance = other.make_instance(provider="ssh")

    assert other.spawn(instance).state == "running"


def test_a_plan_refuses_them_too(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    begin(world, "other")
    request = RolloutRequest(tag="tag", update={})

    with pytest.raises(ValidationError, match="'local' are on the machine that creates them"):
        make_plan(request, context=world.context())


def test_a_job_that_waited_does_not_make_a_host_on_any_machine(world: World) -> None:
    [appserver], _ = world.request_spawn(instance := world.make_instance())
    begin(world, "other")

    world.work(instance)

    appserver.refresh_from_db()
    assert appserver.state == "failed"
    assert "'local' are on the machine that creates them" in appserver.failure
    assert world.cloud.requests == {}


def test_a_host_of_another_machine_is_not_taken_for_destroyed(world: World) -> None:
    appserver = world.spawn(world.make_instance())
    begin(world, "other")

    job = world.do("terminate", appserver)

    assert (job.state, appserver.state) == ("failed", "running")
    assert list(world.cloud.requests) == [f"appserver-{appserver.pk}"]


def test_a_host_of_another_machine_is_not_taken_for_dead(world: World) -> None:
    appserver = world.spawn(world.make_instance(), activate=True)
    world.cloud.lose(f"appserver-{appserver.pk}")
    begin(world, "other")

    assert look(queue=QUEUE, context=world.context()) == []


def test_a_machine_is_forgotten_after_a_day(other: World) -> None:
    other.clock.forward(timedelta(days=1, seconds=1).total_seconds())

    assert machines.names(other.context()) == ["manager"]


def test_a_machine_whose_worker_ended_in_order_does_not_count(other: World) -> None:
    workers.end(context=replace(other.context("other-1"), machine="other"))

    assert machines.names(other.context()) == ["manager"]


def test_the_doctor_names_the_machines_and_what_cannot_work(other: World) -> None:
    begin(other, "manager", version="2.0")
    other.make_instance()

    findings = [(finding.severity, finding.what) for finding in check_machines(other.context())]

    assert findings[:2] == [
        ("ok", "Workers on manager (1 worker) and other (1 worker)."),
        ("warning", "Workers of several versions of Ocim: 1.0 and 2.0."),
    ]
    assert [severity for severity, _ in findings[2:]] == ["error", "error"]


def turns(world: World, minutes: float) -> Callable[[], bool]:
    every = timedelta(minutes=minutes)
    return lambda: workers.takes_turn("repair", every=every, context=world.context())


def test_a_periodic_task_runs_once_for_all_workers(world: World) -> None:
    due = turns(world, 1)

    assert [due(), due()] == [True, False]
    world.clock.forward(58)
    assert [due(), due()] == [True, False]


def test_a_periodic_task_runs_again_after_the_clock_was_set_back(world: World) -> None:
    due = turns(world, 1)
    due()

    world.clock.forward(-3600)

    assert due()
