import pytest

from ocim.adapters.memory.balancers import MemoryBalancer
from ocim.adapters.memory.probers import Reply, as_expected
from ocim.core.errors import TransientError
from ocim.core.health import Probe
from ocim.core.routing import Routing
from ocim.operations.activate import switch_traffic
from ocim.store.models import LoadBalancingServer, OpenEdXAppServer, OpenEdXInstance
from tests.world import Killed, World


def lms(world: World, *appservers: OpenEdXAppServer) -> tuple[str, ...]:
    return tuple(f"{world.address(appserver)}:8000" for appserver in appservers)


def ever_served(world: World, instance: OpenEdXInstance) -> set[str]:
    """Return all upstreams that the balancer was ever given for the instance's LMS."""
    return {
        upstream
        for routing in world.balancer.history
        for site in routing.sites
        if instance.internal_lms_domain in site.domains
        for upstream in site.upstreams
    }


def active(instance: OpenEdXInstance) -> list[int]:
    result = instance.appserver_set.filter(is_active=True)
    return list(result.order_by("id").values_list("pk", flat=True))


def break_public(world: World, *broken: OpenEdXAppServer) -> None:
    """Let app servers answer well at their hosts, and badly through the balancer."""
    bad = {f"{world.address(item)}:8000" for item in broken}

    def reply(probe: Probe) -> Reply:
        if not probe.url.startswith("https"):
            return as_expected(probe)
        upstreams = world.balancer.route(probe.url.split("/")[2])
        return Reply(502, "Bad gateway") if bad & set(upstreams) else as_expected(probe)

    world.prober.reply = reply


def test_activating_swings_the_traffic(world: World) -> None:
    instance = world.make_instance()
    old, new = world.spawn(instance, activate=True), world.spawn(instance)
    assert world.serving(instance) == lms(world, old)
    job = world.do("activate", new)
    assert job.state == "done"
    assert world.serving(instance) == lms(world, new)
    old.refresh_from_db()
    assert (new.is_active, new.activated_at) == (True, world.clock())
    assert (old.is_active, old.deactivated_at) == (False, world.clock())


def test_the_traffic_never_goes_to_nobody_meanwhile(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    new = world.spawn(instance)
    begun = len(world.balancer.history)
    world.do("activate", new)
    for routing in world.balancer.history[begun:]:
        [site] = [item for item in routing.sites if instance.internal_lms_domain in item.domains]
        assert site.upstreams


def test_an_app_server_that_is_ill_at_its_host_never_gets_a_request(world: World) -> None:
    instance = world.make_instance()
    old, new = world.spawn(instance, activate=True), world.spawn(instance)
    world.break_host(new)
    job = world.do("activate", new)
    assert job.state == "failed"
    assert "answered 500" in job.error
    assert active(instance) == [old.pk]
    assert ever_served(world, instance) == set(lms(world, old))
    assert [item["probe"] for item in new.evidence] == ["lms", "studio"]


@pytest.mark.parametrize(
    "garbage",
    [
        Reply(200, "\x01\x02\ufffd", "its body is not UTF-8", "application/json"),
        Reply(200, "<h1>It works!</h1>"),
        Reply(200, '{"sql": {"status": false}}', content_type="application/json"),
    ],
)
def test_one_that_answers_200_with_anything_but_a_heartbeat_does_not_replace_a_good_one(
    world: World, garbage: Reply
) -> None:
    instance = world.make_instance()
    old, new = world.spawn(instance, activate=True), world.spawn(instance)
    world.prober.reply = lambda probe: garbage
    assert world.do("activate", new).state == "failed"
    assert active(instance) == [old.pk]
    assert ever_served(world, instance) == set(lms(world, old))


def test_what_served_before_is_put_back_where_the_public_names_fail(world: World) -> None:
    instance = world.make_instance()
    old, new = world.spawn(instance, activate=True), world.spawn(instance)
    break_public(world, new)
    job = world.do("activate", new)
    assert job.state == "failed"
    assert "lms through the balancer" in job.error
    assert active(instance) == [old.pk]
    assert world.serving(instance) == lms(world, old)
    assert new.evidence[0]["excerpt"] == "Bad gateway"
    assert new.log_entries.filter(level="error").count() == 1


def test_the_first_app_server_is_taken_out_where_the_public_names_fail(world: World) -> None:
    instance = world.make_instance()
    new = world.spawn(instance)
    break_public(world, new)
    world.do("activate", new)
    assert world.serving(instance) == ()


def test_app_servers_can_join_those_that_serve(world: World) -> None:
    instance = world.make_instance()
    old, new = world.spawn(instance, activate=True), world.spawn(instance)
    world.do("activate", new, keep=True)
    assert world.serving(instance) == lms(world, old, new)


def test_several_app_servers_share_the_traffic(world: World) -> None:
    instance = world.make_instance(openedx_appserver_count=2)
    appservers, _ = world.request_spawn(instance, activate=True)
    world.work(instance)
    assert world.serving(instance) == lms(world, *appservers)


def test_no_one_is_activated_where_one_of_several_is_ill(world: World) -> None:
    instance = world.make_instance(openedx_appserver_count=2)
    appservers, _ = world.request_spawn(instance)
    world.work(instance)
    world.break_host(appservers[1])
    world.do("activate", *appservers)
    assert active(instance) == []


def test_an_active_app_server_can_be_activated_again(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance, activate=True)
    since = appserver.activated_at
    world.clock.forward(60)
    assert world.do("activate", appserver).state == "done"
    assert (appserver.is_active, appserver.activated_at) == (True, since)


def test_only_running_app_servers_are_activated(world: World) -> None:
    instance = world.make_instance()
    world.break_hosts(lambda _: True)
    failed = world.spawn(instance)
    job = world.do("activate", failed)
    assert job.error == f"Only running app servers can be activated: {failed} is failed."


def test_an_app_server_of_another_instance_is_not_activated(world: World) -> None:
    mine, other = world.spawn(world.make_instance()), world.spawn(world.make_instance())
    job = world.submit("activate", mine)
    job.arguments["appservers"].append(other.pk)
    job.save()
    world.work(job)
    job.refresh_from_db()
    assert job.state == "failed"
    assert not OpenEdXAppServer.objects.filter(is_active=True).exists()


def test_an_activation_that_was_interrupted_after_the_swing_knows_what_to_put_back(
    world: World,
) -> None:
    instance = world.make_instance()
    old, new = world.spawn(instance, activate=True), world.spawn(instance)

    def die_in_public(probe: Probe) -> Reply:
        if probe.url.startswith("https"):
            raise Killed
        return as_expected(probe)

    world.prober.reply = die_in_public
    job = world.submit("activate", new)
    world.die(instance)
    assert world.serving(instance) == lms(world, new)
    break_public(world, new)
    world.clock.forward(world.policy.lease + 1)
    world.work(instance, worker="worker-2")
    job.refresh_from_db()
    assert job.state == "failed"
    assert world.serving(instance) == lms(world, old)


def test_an_app_server_that_died_with_the_worker_after_the_swing_is_taken_out(
    world: World,
) -> None:
    instance = world.make_instance()
    old, new = world.spawn(instance, activate=True), world.spawn(instance)

    def die_in_public(probe: Probe) -> Reply:
        if probe.url.startswith("https"):
            raise Killed
        return as_expected(probe)

    world.prober.reply = die_in_public
    world.submit("activate", new)
    world.die(instance)
    world.break_host(new)
    world.clock.forward(world.policy.lease + 1)
    world.work(instance, worker="worker-2")
    assert active(instance) == [old.pk]
    assert world.serving(instance) == lms(world, old)


def test_a_balancer_that_cannot_be_reached_leaves_what_served(world: World) -> None:
    instance = world.make_instance()
    old, new = world.spawn(instance, activate=True), world.spawn(instance)
    world.balancer.running = False
    job = world.do("activate", new)
    assert job.state == "failed"
    assert "The balancer is not running." in job.error
    assert active(instance) == [old.pk]
    world.balancer.running = True
    assert ever_served(world, instance) == set(lms(world, old))


def test_a_balancer_that_is_lost_in_mid_swing_leaves_what_served(world: World) -> None:
    class Halting(MemoryBalancer):
        """A balancer that applies the switch of traffic, and is gone afterwards."""

        def apply(self, routing: Routing) -> None:
            super().apply(routing)
            self.running = False
            raise TransientError("The balancer went away.")

    instance = world.make_instance()
    old, new = world.spawn(instance, activate=True), world.spawn(instance)
    world.balancer = Halting()
    world.do("activate", new)
    assert active(instance) == [old.pk]
    row = LoadBalancingServer.objects.get()
    assert row.applied < row.wanted


def test_a_deactivated_app_server_gets_no_more_requests_and_stays_up(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance, activate=True)
    world.do("deactivate", appserver)
    assert (appserver.state, appserver.is_active) == ("running", False)
    assert appserver.deactivated_at == world.clock()
    assert world.provider.list() == [f"appserver-{appserver.pk}"]


def test_the_holding_page_is_shown_where_nothing_is_active(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance, activate=True)
    world.do("deactivate", appserver)
    site = world.balancer.site(instance.internal_lms_domain)
    assert site
    assert site.upstreams == ()


def test_deactivating_one_of_two_leaves_the_other(world: World) -> None:
    instance = world.make_instance()
    item, other = world.spawn(instance, activate=True), world.spawn(instance)
    world.do("activate", other, keep=True)
    world.do("deactivate", item)
    assert world.serving(instance) == lms(world, other)


def test_a_worker_that_lost_its_lease_does_not_swing(world: World) -> None:
    instance = world.make_instance()
    old, new = world.spawn(instance, activate=True), world.spawn(instance)
    healthy = world.prober.reply

    def lose(probe: Probe) -> Reply:
        world.prober.reply = healthy
        world.clock.forward(world.policy.lease + 1)
        world.claim(instance, "worker-2")
        return healthy(probe)

    world.prober.reply = lose
    job = world.do("activate", new)
    assert job.state == "running"
    assert active(instance) == [old.pk]
    assert ever_served(world, instance) == set(lms(world, old))


def test_a_swing_to_what_is_active_changes_nothing(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance, activate=True)
    world.clock.forward(60)
    lease = world.claim(instance)
    switch_traffic(instance, [appserver.pk], lease=lease, context=world.context())
    before = appserver.activated_at
    appserver.refresh_from_db()
    assert appserver.activated_at == before
