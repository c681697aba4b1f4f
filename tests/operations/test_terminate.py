import pytest

from ocim.core.actions import SyncBalancer, WorkOn
from ocim.core.errors import Conflict, TransientError
from ocim.core.names import preview_domain
from ocim.operations import hosts
from ocim.operations.balancing import sync
from ocim.operations.terminate import request_retention
from ocim.store.models import InstanceReference, Job, LoadBalancingServer, Server
from tests.world import QUEUE, World

DAY = 24 * 3600


def synced(world: World) -> None:
    sync(balancer_id=LoadBalancingServer.objects.get().pk, context=world.context())


def test_a_terminated_app_server_has_no_host_any_more(world: World) -> None:
    appserver = world.spawn(world.make_instance())
    world.do("terminate", appserver)
    assert appserver.state == "terminated"
    assert appserver.terminated_at == world.clock()
    assert world.provider.list() == []
    server = Server.objects.get()
    assert (server.state, server.gone_at) == ("gone", world.clock())


def test_the_preview_address_of_a_terminated_app_server_is_gone(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance)
    synced(world)
    assert world.balancer.site(preview_domain(appserver.pk, instance.internal_lms_domain))
    job = world.submit("terminate", appserver)
    assert SyncBalancer(world.balancer_server.pk) in world.work(job)
    synced(world)
    assert world.balancer.site(preview_domain(appserver.pk, instance.internal_lms_domain)) is None


def test_an_active_app_server_is_not_terminated(world: World) -> None:
    appserver = world.spawn(world.make_instance(), activate=True)
    job = world.do("terminate", appserver)
    assert appserver.state == "running"
    assert job.error.startswith(f"The balancer sends traffic to {appserver}.")
    assert world.provider.list()


def test_an_app_server_that_just_served_is_terminated_once_it_is_drained(world: World) -> None:
    appserver = world.spawn(world.make_instance(), activate=True)
    world.do("deactivate", appserver)
    job = world.submit("terminate", appserver)
    drained = world.clock.later(world.policy.drain)
    assert world.work(job) == [WorkOn(job.lease_id, QUEUE, drained)]
    assert world.provider.list()
    world.clock.forward(world.policy.drain)
    world.work(job)
    appserver.refresh_from_db()
    assert appserver.state == "terminated"


def test_what_needs_no_draining_does_not_wait_for_what_does(world: World) -> None:
    instance = world.make_instance()
    served, other = world.spawn(instance, activate=True), world.spawn(instance)
    world.do("deactivate", served)
    world.do("terminate", served, other)
    assert (served.state, other.state) == ("running", "terminated")


def test_nothing_is_terminated_that_the_balancer_may_still_send_to(world: World) -> None:
    appserver = world.spawn(world.make_instance(), activate=True)
    world.balancer.running = False
    world.do("deactivate", appserver)
    world.clock.forward(60)
    assert world.do("terminate", appserver).state == "failed"
    assert world.provider.list()


def test_a_host_that_cannot_be_destroyed_leaves_its_app_server(world: World) -> None:
    class Stubborn(type(world.provider)):  # type: ignore[misc]
        def destroy(self, name: str) -> None:
            raise TransientError("The cloud is down.")

    appserver = world.spawn(world.make_instance())
    world.provider = Stubborn(world.cloud, kind="local")
    assert world.do("terminate", appserver).error == "The cloud is down."
    assert appserver.state == "running"


def test_a_host_that_vanished_is_no_obstacle(world: World) -> None:
    appserver = world.spawn(world.make_instance())
    world.cloud.lose(f"appserver-{appserver.pk}")
    world.do("terminate", appserver)
    assert appserver.state == "terminated"


def test_terminating_twice_does_no_harm(world: World) -> None:
    appserver = world.spawn(world.make_instance())
    world.do("terminate", appserver)
    assert world.do("terminate", appserver).state == "done"


def test_an_archived_instance_is_off_the_web_and_keeps_its_data(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance, activate=True)
    job = world.do("archive", appserver)
    assert job.state == "waiting"
    assert world.serving(instance) == ()
    world.clock.forward(world.policy.drain)
    world.work(instance)
    job.refresh_from_db()
    assert job.state == "done"
    assert InstanceReference.objects.get().is_archived
    assert world.provider.list() == []
    assert len(world.databases.sizes) == 1
    synced(world)
    assert world.balancer.site(instance.internal_lms_domain) is None


def test_what_is_spawned_while_an_instance_is_archived_goes_with_it(world: World) -> None:
    instance = world.make_instance()
    world.do("archive", world.spawn(instance, activate=True))
    world.spawn(instance, activate=True)
    world.clock.forward(world.policy.drain)
    world.work(instance)
    world.clock.forward(world.policy.drain)
    world.work(instance)
    assert world.provider.list() == []
    assert InstanceReference.objects.get().is_archived


def test_an_archived_instance_gets_nothing_new(world: World) -> None:
    instance = world.make_instance()
    world.do("archive", world.spawn(instance))
    instance.refresh_from_db()
    with pytest.raises(Conflict, match="archived"):
        world.request_spawn(instance)


def test_retention_terminates_what_is_spent_and_nothing_else(world: World) -> None:
    instance = world.make_instance()
    first = world.spawn(instance, activate=True)
    second = world.spawn(instance, activate=True)
    world.clock.forward(60)
    third = world.spawn(instance, activate=True)
    for action in request_retention(queue="slow", context=world.context()):
        assert action == WorkOn(instance.lease_id, "slow")
        world.work(instance, queue="slow")
    world.clock.forward(world.policy.drain)
    world.work(instance, queue="slow")
    assert world.provider.list() == [f"appserver-{item.pk}" for item in (second, third)]
    first.refresh_from_db()
    assert first.state == "terminated"


def test_retention_leaves_alone_what_has_nothing_to_let_go(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    world.spawn(instance)
    assert request_retention(queue="slow", context=world.context()) == []


def test_retention_is_asked_for_once_until_it_is_done(world: World) -> None:
    world.break_hosts(lambda _: True)
    instance = world.make_instance()
    world.spawn(instance)
    world.clock.forward(3 * DAY)
    assert len(request_retention(queue="slow", context=world.context())) == 1
    assert request_retention(queue="slow", context=world.context()) == []
    assert Job.objects.filter(kind="retain").count() == 1


def test_retention_is_asked_for_again_after_it_was_done(world: World) -> None:
    world.break_hosts(lambda _: True)
    instance = world.make_instance()
    for _ in range(2):
        failed = world.spawn(instance)
        world.clock.forward(3 * DAY)
        world.do("deactivate", failed)  # another job, done
        world.submit("deactivate", failed)  # and one that waits
        assert len(request_retention(queue=QUEUE, context=world.context())) == 1
        world.work(instance)
    assert world.provider.list() == []


def test_hosts_stop_and_start_with_the_manager(world: World) -> None:
    instance = world.make_instance()
    active = world.spawn(instance, activate=True)
    spare = world.spawn(instance)
    names = [f"appserver-{active.pk}", f"appserver-{spare.pk}"]
    assert hosts.stop_all(provider="local", context=world.context()) == names
    assert world.cloud.up == set()
    assert hosts.start_all(provider="local", context=world.context()) == []
    assert world.cloud.stopped == set()


def test_a_host_that_runs_is_not_started_again(world: World) -> None:
    host = f"appserver-{world.spawn(world.make_instance()).pk}"
    assert hosts.start([host], provider="local", context=world.context()) == []
    assert host in world.cloud.up


def test_a_host_that_does_not_start_is_named(world: World) -> None:
    instance = world.make_instance()
    lost, _ = world.spawn(instance), world.spawn(instance)
    world.cloud.lose(f"appserver-{lost.pk}")
    lost_ones = hosts.start_all(provider="local", context=world.context())
    assert lost_ones == [f"appserver-{lost.pk}"]


def test_a_host_that_no_app_server_needs_is_an_orphan(world: World) -> None:
    appserver = world.spawn(world.make_instance())
    assert hosts.orphans(provider="local", context=world.context()) == []
    appserver.state = "terminated"
    appserver.save()
    orphans = hosts.orphans(provider="local", context=world.context())
    assert orphans == [f"appserver-{appserver.pk}"]
