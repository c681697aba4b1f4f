"""Clocks that jump, while a worker is at work or after it died: nothing is lost, nothing twice."""

from datetime import timedelta

import pytest

from ocim.adapters.memory.probers import Reply, as_expected
from ocim.core.actions import WorkOn
from ocim.core.health import Probe
from ocim.operations import jobs, workers
from ocim.store.models import Lease, OpenEdXAppServer
from ocim.store.selectors import live_workers
from tests.world import QUEUE, Killed, World

DAY = timedelta(days=1).total_seconds()


@pytest.mark.parametrize("jump", [DAY, -DAY, 40 * 365 * DAY])
def test_a_worker_whose_clock_jumps_finishes_what_it_is_at(world: World, jump: float) -> None:
    instance = world.make_instance()

    def jumping(probe: Probe) -> Reply:
        world.prober.reply = as_expected
        world.clock.forward(jump)
        workers.renew(context=world.context())
        assert jobs.unattended(context=world.context("worker-2")) == []
        assert world.work(instance, worker="worker-2") == []
        return as_expected(probe)

    world.prober.reply = jumping
    assert world.spawn(instance).state == "running"
    assert len(world.cloud.addresses_given) == 1


def test_a_dead_workers_job_is_taken_up_again_after_the_clock_went_back(world: World) -> None:
    instance = world.make_instance()

    def killed(_: Probe) -> Reply:
        raise Killed

    world.prober.reply = killed
    world.request_spawn(instance)
    world.die(instance)
    world.prober.reply = as_expected
    world.clock.forward(-DAY)

    assert jobs.abandoned(context=world.context("worker-2")) == [WorkOn(instance.lease_id, QUEUE)]
    world.work(instance, worker="worker-2")

    assert OpenEdXAppServer.objects.get().state == "running"
    assert len(world.cloud.addresses_given) == 1


def test_a_lease_outlasts_a_clock_that_is_set_right_by_seconds(world: World) -> None:
    instance = world.make_instance()
    world.request_spawn(instance)

    def late(probe: Probe) -> Reply:
        world.prober.reply = as_expected
        world.clock.forward(-world.policy.lease / 2)
        assert jobs.unattended(context=world.context("worker-2")) == []
        return as_expected(probe)

    world.prober.reply = late
    world.work(instance)

    assert Lease.objects.get(pk=instance.lease_id).fence == 1
    assert OpenEdXAppServer.objects.get().state == "running"


def test_a_worker_heard_of_in_the_future_is_not_counted_on(world: World) -> None:
    workers.begin(version="1.0", queue=QUEUE, threads=1, context=world.context())
    assert live_workers(world.clock()).count() == 1

    world.clock.forward(-DAY)
    assert live_workers(world.clock()).count() == 0

    workers.renew(context=world.context())
    assert live_workers(world.clock()).count() == 1
