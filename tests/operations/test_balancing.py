from dataclasses import replace
from typing import Any

import pytest

from ocim.adapters.memory.balancers import MemoryBalancer
from ocim.core.actions import SyncBalancer
from ocim.core.errors import TransientError
from ocim.core.routing import Routing
from ocim.operations.balancing import claim_lasts, gaps, note_change, sync, sync_and_wait
from ocim.store.models import LoadBalancingServer
from tests.world import World


class Balancer(MemoryBalancer):
    """A balancer that runs a function while it applies."""

    def __init__(self, meanwhile: Any) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def apply(self, routing: Routing) -> None:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        super().apply(routing)


CLAIM = 25
"""Seconds, with the drain that tests have."""


def claim_by_the_dead(world: World) -> None:
    until = world.clock() + claim_lasts(world.context())
    assert until == world.clock.later(CLAIM)
    LoadBalancingServer.objects.update(claimed_by="dead", claimed_until=until)


def row() -> LoadBalancingServer:
    return LoadBalancingServer.objects.get()


def bring(world: World, worker: str = "worker-1") -> bool:
    return sync(balancer_id=world.balancer_server.pk, context=world.context(worker))


def test_the_balancer_gets_what_the_database_says(world: World) -> None:
    instance = world.make_instance()
    assert bring(world)
    assert world.balancer.site(instance.internal_lms_domain)
    assert row().applied == row().wanted
    assert world.balancer.is_applied(row().digest)
    assert (row().claimed_by, row().claimed_until) == ("", None)


def test_many_changes_are_one_application(world: World) -> None:
    for _ in range(10):
        assert note_change(world.balancer_server.pk) == [SyncBalancer(world.balancer_server.pk)]
    bring(world)
    assert len(world.balancer.history) == 1


def test_a_change_while_another_is_applied_is_applied_too(world: World) -> None:
    made = []

    def change() -> None:
        made.append(world.make_instance())
        assert not bring(world, "worker-2")

    world.balancer = Balancer(change)
    assert bring(world)
    assert world.balancer.site(made[0].internal_lms_domain)
    assert row().applied == row().wanted


def test_a_refused_application_is_kept_as_an_error_and_can_be_tried_again(world: World) -> None:
    world.balancer.running = False
    with pytest.raises(TransientError):
        bring(world)
    assert row().error == "The balancer is not running. Set `running` to True."
    assert row().claimed_by == ""
    assert row().applied < row().wanted
    world.balancer.running = True
    assert bring(world)
    assert row().error == ""


def test_an_unforeseen_error_gives_the_claim_back_and_keeps_its_text_from_the_row(
    world: World,
) -> None:
    def fail() -> None:
        raise ValueError("hush")

    world.balancer = Balancer(fail)
    with pytest.raises(ValueError, match="hush"):
        bring(world)
    assert row().claimed_by == ""
    assert row().error == "The worker's log says what failed."


def test_a_dead_workers_claim_is_taken_over_when_it_ends(world: World) -> None:
    claim_by_the_dead(world)
    assert not bring(world)
    world.clock.forward(CLAIM + 1)
    assert bring(world)


def test_who_waits_outlives_a_worker_that_died_over_it(world: World) -> None:
    claim_by_the_dead(world)
    note_change(world.balancer_server.pk)
    sync_and_wait(balancer_id=world.balancer_server.pk, context=world.context())
    assert row().applied == row().wanted


def test_a_claim_that_was_taken_over_is_not_given_back_by_its_first_holder(world: World) -> None:
    def stall() -> None:
        world.clock.forward(CLAIM + 1)
        LoadBalancingServer.objects.update(
            claimed_by="worker-1/other", claimed_until=world.clock.later(60)
        )

    world.balancer = Balancer(stall)
    bring(world)
    assert row().claimed_by == "worker-1/other"
    assert row().applied == 0


def test_who_waits_is_told_when_another_has_applied_it(world: World) -> None:
    LoadBalancingServer.objects.update(claimed_by="other", claimed_until=world.clock.later(60))

    def pause(_: float) -> None:
        LoadBalancingServer.objects.update(applied=row().wanted)

    context = replace(world.context(), pause=pause)
    sync_and_wait(balancer_id=world.balancer_server.pk, context=context)
    assert world.balancer.history == []


def test_who_waits_for_another_that_does_nothing_is_told_so(world: World) -> None:
    LoadBalancingServer.objects.update(claimed_by="other", claimed_until=world.clock.later(600))
    with pytest.raises(TransientError, match="did not apply the changes within 55 s"):
        sync_and_wait(balancer_id=world.balancer_server.pk, context=world.context())


def test_a_manager_that_was_too_slow_does_not_overwrite_what_a_later_one_applied(
    world: World,
) -> None:
    def stall() -> None:
        world.clock.forward(CLAIM + 1)
        world.make_instance()
        assert bring(world, "worker-2")

    world.balancer = Balancer(stall)
    assert not bring(world)
    assert [len(routing.sites) > 0 for routing in world.balancer.history] == [True]
    assert (row().applied, row().error) == (row().wanted, "")


def test_a_database_from_a_backup_is_not_older_than_the_balancer(world: World) -> None:
    bring(world)
    version = row().version
    assert version == int(world.clock().timestamp() * 1000)
    LoadBalancingServer.objects.update(version=5, applied=0)
    world.clock.forward(1)
    assert bring(world)
    assert row().version > version


def test_versions_grow_when_the_clock_does_not(world: World) -> None:
    bring(world)
    bring(world)
    assert row().version == int(world.clock().timestamp() * 1000) + 1


def test_a_balancer_that_has_a_newer_version_than_the_database_says_so(world: World) -> None:
    bring(world)
    world.balancer.routing = replace(world.balancer.routing, version=row().version + 1000)
    assert not bring(world)
    assert "The balancer has routes of version" in row().error
    assert row().claimed_by == ""


def test_a_balancer_that_is_behind_is_a_gap(world: World) -> None:
    assert gaps(context=world.context()) == [SyncBalancer(world.balancer_server.pk)]
    bring(world)
    assert gaps(context=world.context()) == []
    note_change(world.balancer_server.pk)
    assert gaps(context=world.context()) == [SyncBalancer(world.balancer_server.pk)]


def test_a_balancer_that_forgot_is_a_gap(world: World) -> None:
    world.make_instance()
    bring(world)
    world.balancer = MemoryBalancer()
    assert gaps(context=world.context()) == [SyncBalancer(world.balancer_server.pk)]
