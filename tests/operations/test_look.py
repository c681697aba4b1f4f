import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ocim.adapters.memory.probers import Reply, as_expected
from ocim.core.actions import Action, SendNotices, WorkOn
from ocim.operations import hosts
from ocim.operations.look import AT_ONCE, look
from ocim.store.models import AppServerEvent, Job, OpenEdXAppServer
from tests.world import QUEUE, World


def looked(world: World) -> list[Action]:
    return look(queue=QUEUE, context=world.context())


def served(world: World) -> OpenEdXAppServer:
    return world.spawn(world.make_instance(), activate=True)


def kinds(appserver: OpenEdXAppServer) -> list[str]:
    return list(appserver.events.order_by("id").values_list("kind", flat=True))


def test_what_is_well_is_written_down_once(world: World) -> None:
    appserver = served(world)
    now = world.clock()
    assert looked(world) == []
    world.clock.forward(30)
    with CaptureQueriesContext(connection) as queries:
        assert looked(world) == []
    appserver.refresh_from_db()
    assert (appserver.healthy_since, appserver.unhealthy_since) == (now, None)
    assert len(queries) == 2  # one is for the machines that have workers


def test_many_are_looked_at_with_two_queries_and_written_down_with_another(world: World) -> None:
    for _ in range(5):
        served(world)
    with CaptureQueriesContext(connection) as queries:
        looked(world)
    assert len(queries) == 3
    assert OpenEdXAppServer.objects.filter(healthy_since=world.clock()).count() == 5


def test_every_service_is_asked_at_its_host_under_its_public_name(world: World) -> None:
    appserver = served(world)
    world.prober.asked.clear()
    looked(world)
    asked = {(item.url, item.connect_to) for item in world.prober.asked}
    domain = appserver.instance.internal_lms_domain
    address = world.address(appserver)
    assert asked == {
        (f"http://{domain}/heartbeat", f"{address}:8000"),
        (f"http://studio.{domain}/heartbeat", f"{address}:8010"),
    }


def test_one_that_does_not_serve_is_not_looked_at(world: World) -> None:
    world.spawn(world.make_instance())
    world.prober.asked.clear()
    looked(world)
    assert world.prober.asked == []


def test_a_dead_one_gets_a_job_once_it_was_asked_again(world: World) -> None:
    appserver = served(world)
    world.lose_services(appserver)
    [action] = looked(world)
    appserver.refresh_from_db()
    assert action == WorkOn(appserver.instance.lease_id, QUEUE)
    assert appserver.unhealthy_since
    assert "connection refused" in appserver.unhealthy_reason
    assert "did not come up" in appserver.unhealthy_reason
    job = Job.objects.get(kind="recover")
    assert job.arguments["appserver"] == appserver.pk


def test_one_that_comes_back_within_the_look_gets_none(world: World) -> None:
    appserver = served(world)
    world.lose_services(appserver)
    begun = world.clock()
    dead = world.prober.reply
    world.prober.reply = lambda probe: dead(probe) if world.clock() == begun else as_expected(probe)
    assert looked(world) == []
    assert not Job.objects.filter(kind="recover").exists()


def test_a_job_that_waits_is_not_submitted_twice(world: World) -> None:
    world.lose_services(served(world))
    looked(world)
    assert looked(world) == []
    assert Job.objects.filter(kind="recover").count() == 1


def test_one_that_is_late_is_restarted_when_that_lasts(world: World) -> None:
    served(world)
    world.prober.reply = lambda _: Reply(None, error="timed out after 5 s", timed_out=True)
    for _ in range(4):
        assert looked(world) == []
        world.clock.forward(30)
    assert len(looked(world)) == 1


def test_those_that_are_late_do_not_keep_the_others_waiting(world: World) -> None:
    served(world)
    world.prober.asked.clear()
    world.prober.reply = lambda _: Reply(None, error="timed out after 5 s", timed_out=True)
    looked(world)
    [asked] = world.prober.asked
    assert asked.timeout <= 5
    assert 1000 * asked.timeout / AT_ONCE < 60


def test_one_that_says_itself_that_it_is_not_well_is_told_of_and_left_alone(world: World) -> None:
    appserver = served(world)
    world.break_host(appserver)
    assert looked(world) == []
    for _ in range(30):
        world.clock.forward(30)
        looked(world)
    appserver.refresh_from_db()
    assert kinds(appserver) == ["answers that it is not well"]
    assert not Job.objects.filter(kind="recover").exists()
    world.prober.reply = as_expected
    assert [type(item) for item in looked(world)] == [SendNotices]
    appserver.refresh_from_db()
    assert appserver.unhealthy_since is None
    assert kinds(appserver)[1:] == ["answers again"]


def test_hosts_that_a_person_stopped_stay_stopped_until_they_are_started(world: World) -> None:
    appserver = served(world)
    world.lose_services(appserver)
    hosts.stop_all(provider="local", context=world.context())
    assert looked(world) == []
    hosts.start_all(provider="local", context=world.context())
    appserver.refresh_from_db()
    assert appserver.unhealthy_since is None
    world.lose_services(appserver)
    assert len(looked(world)) == 1


def test_a_job_that_waits_leaves_a_host_alone_that_was_stopped_meanwhile(world: World) -> None:
    appserver = served(world)
    world.lose_services(appserver)
    looked(world)
    hosts.stop_all(provider="local", context=world.context())
    world.work(appserver.instance)
    assert Job.objects.get(kind="recover").state == "done"
    assert kinds(appserver) == []
    assert world.cloud.stopped


def test_one_that_was_taken_out_meanwhile_is_left_alone(world: World) -> None:
    appserver = served(world)
    world.lose_services(appserver)
    looked(world)
    OpenEdXAppServer.objects.update(is_active=False)
    world.work(appserver.instance)
    assert Job.objects.get(kind="recover").state == "done"
    assert kinds(appserver) == []


@pytest.mark.parametrize("answers", [True, False])
def test_activating_begins_a_new_time(world: World, answers: bool) -> None:
    appserver = served(world)
    looked(world)
    world.do("deactivate", appserver)
    OpenEdXAppServer.objects.update(unhealthy_since=world.clock(), healthy_since=None)
    world.do("activate", appserver)
    assert (appserver.healthy_since, appserver.unhealthy_since) == (None, None)
    if not answers:
        world.prober.reply = lambda _: Reply(None, error="late", timed_out=True)
    looked(world)
    appserver.refresh_from_db()
    assert bool(appserver.healthy_since) is answers
    assert not AppServerEvent.objects.exists()
