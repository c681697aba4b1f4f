"""An active app server dies: it is restarted, or its fallback serves, or people are told."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from django.db import transaction

from ocim.adapters.memory.probers import Reply
from ocim.core.health import Probe
from ocim.operations import incidents, jobs
from ocim.operations.look import look
from ocim.store.models import AppServerEvent, Job, OpenEdXAppServer, OpenEdXInstance
from tests.operations.rollouts.test_deaths import dying_at
from tests.world import QUEUE, World


@pytest.fixture
def instance(world: World) -> OpenEdXInstance:
    return world.make_instance()


@pytest.fixture
def fallback(world: World, instance: OpenEdXInstance) -> OpenEdXAppServer:
    return world.spawn(instance, activate=True)


@pytest.fixture
def dead(world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer) -> OpenEdXAppServer:
    """Return an active app server whose services are dead."""
    appserver = world.spawn(instance, activate=True)
    world.lose_services(appserver)
    return appserver


def recover(world: World, instance: OpenEdXInstance) -> Job:
    """Look, and have done what that leads to."""
    look(queue=QUEUE, context=world.context())
    world.work(instance)
    result = Job.objects.filter(kind="recover").order_by("-id").first()
    assert result
    return result


def history(*appservers: OpenEdXAppServer) -> list[str]:
    events = AppServerEvent.objects.filter(appserver__in=appservers).order_by("id")
    return list(events.values_list("kind", flat=True))


def active(instance: OpenEdXInstance) -> list[int]:
    return list(instance.appserver_set.filter(is_active=True).values_list("pk", flat=True))


def lms(world: World, appserver: OpenEdXAppServer) -> tuple[str, ...]:
    return (f"{world.address(appserver)}:8000",)


def lose(world: World, appserver: OpenEdXAppServer) -> None:
    """Let the host vanish with all that is on it."""
    assert appserver.server
    world.cloud.lose(appserver.server.name)


def test_its_host_is_started_again(
    world: World, instance: OpenEdXInstance, dead: OpenEdXAppServer
) -> None:
    assert recover(world, instance).state == "done"
    assert active(instance) == [dead.pk]
    assert history(dead) == ["is restarted", "answers again"]
    dead.refresh_from_db()
    assert (dead.unhealthy_since, dead.unhealthy_reason) == (None, "")
    first, *rest = [log_entry.text for log_entry in dead.log_entries.order_by("id")][-3:]
    assert "connection refused" in first
    restarted = "Its host was started again."
    assert rest == [restarted, f"It answers again. {restarted}"]


def test_people_are_told(world: World, instance: OpenEdXInstance, dead: OpenEdXAppServer) -> None:
    recover(world, instance)
    for action in incidents.unsent(world.clock()):
        address = "https://ocim.example.com"
        incidents.send(event_id=action.event_id, address=address, context=world.context())
    first, last = [notice for _, notice in world.notifier.sent]
    assert (first.title, first.kind) == (f"{instance}: {dead} is restarted", "failure")
    assert "connection refused" in first.text
    assert (last.title, last.kind) == (f"{instance}: {dead} answers again", "success")
    assert f"https://ocim.example.com/appservers/{dead.pk}/" in last.text
    assert incidents.unsent(world.clock.later(9999)) == []


def test_it_waits_for_services_that_take_their_time(
    world: World, instance: OpenEdXInstance, dead: OpenEdXAppServer
) -> None:
    up, reply = world.clock.later(100), world.prober.reply
    world.prober.reply = lambda probe: (
        reply(probe) if world.clock() > up else Reply(None, error="connection refused")
    )
    assert recover(world, instance).state == "done"
    assert history(dead) == ["is restarted", "answers again"]


def test_a_host_with_another_address_is_brought_to_the_balancer(
    world: World, instance: OpenEdXInstance, dead: OpenEdXAppServer
) -> None:
    assert dead.server
    world.cloud.addresses_given[dead.server.name] = "10.9.9.9"
    assert recover(world, instance).state == "done"
    assert world.serving(instance) == ("10.9.9.9:8000",)


def test_one_that_answers_again_before_its_turn_is_not_restarted(
    world: World, instance: OpenEdXInstance, dead: OpenEdXAppServer
) -> None:
    look(queue=QUEUE, context=world.context())
    assert dead.server
    world.provider.reboot(dead.server.name)
    world.provider.wait_until_reachable(dead.server.name, timeout=0)
    world.work(instance)
    assert history(dead) == []
    dead.refresh_from_db()
    assert dead.unhealthy_since is None


def test_a_host_that_is_gone_is_replaced_by_the_fallback(
    world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer, dead: OpenEdXAppServer
) -> None:
    lose(world, dead)
    assert recover(world, instance).state == "done"
    assert active(instance) == [fallback.pk]
    assert world.serving(instance) == lms(world, fallback)
    assert history(dead) == ["is restarted", "is replaced by its fallback"]
    assert f"App server {fallback.pk} serves." in dead.events.latest("id").reason


def test_so_is_one_whose_processes_still_answer(
    world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer
) -> None:
    newest = world.spawn(instance, activate=True)
    lose(world, newest)
    assert recover(world, instance).state == "done"
    assert active(instance) == [fallback.pk]
    assert "Its host is gone" in newest.events.earliest("id").reason


def test_so_is_one_that_a_restart_does_not_help(
    world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer, dead: OpenEdXAppServer
) -> None:
    world.break_host(dead)
    broken, address = world.prober.reply, world.address(dead)

    def reply(probe: Probe) -> Reply:
        refuses = probe.connect_to.startswith(address)
        return Reply(None, error="connection refused") if refuses else broken(probe)

    world.prober.reply = reply
    assert recover(world, instance).state == "done"
    assert active(instance) == [fallback.pk]


def test_a_fallback_of_another_release_does_not_serve(
    world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer, dead: OpenEdXAppServer
) -> None:
    OpenEdXAppServer.objects.filter(pk=fallback.pk).update(openedx_release="ironwood")
    lose(world, dead)
    job = recover(world, instance)
    assert job.state == "failed"
    assert f"Its fallback, {fallback}, is of release ironwood" in job.error
    assert "ocim appserver spawn" in job.error
    assert active(instance) == [dead.pk]
    assert history(dead) == ["is restarted", "does not answer"]
    assert dead.events.latest("id").reason == job.error


def test_a_setting_keeps_the_fallback_from_serving(
    world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer, dead: OpenEdXAppServer
) -> None:
    world.policy = replace(world.policy, fallback_serves=False)
    lose(world, dead)
    assert f"ocim appserver activate {fallback.pk}" in recover(world, instance).error
    assert active(instance) == [dead.pk]


def test_without_a_fallback_people_are_told_so(
    world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer
) -> None:
    world.lose_services(fallback)
    lose(world, fallback)
    assert "There is no fallback." in recover(world, instance).error
    assert history(fallback) == ["is restarted", "does not answer"]


def test_a_fallback_that_is_ill_itself_does_not_serve(
    world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer, dead: OpenEdXAppServer
) -> None:
    lose(world, dead)
    lose(world, fallback)
    world.cloud.up.clear()
    job = recover(world, instance)
    assert f"Its fallback, app server {fallback.pk}, was not activated" in job.error
    assert active(instance) == [dead.pk]
    assert history(dead) == ["is restarted", "does not answer"]


def test_while_another_one_serves_the_fallback_stays_out(
    world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer
) -> None:
    two = [world.spawn(instance), world.spawn(instance)]
    world.do("activate", *two)
    world.lose_services(two[0])
    lose(world, two[0])
    assert "The other active app servers serve." in recover(world, instance).error
    assert active(instance) == [item.pk for item in two]


def test_it_waits_in_line_behind_another_job(
    world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer, dead: OpenEdXAppServer
) -> None:
    world.submit("activate", fallback)
    recover(world, instance)
    assert active(instance) == [fallback.pk]
    assert history(dead) == []


def test_one_that_dies_again_and_again_is_left_alone_until_the_hour_is_over(
    world: World, instance: OpenEdXInstance, fallback: OpenEdXAppServer
) -> None:
    times = []
    begun = world.clock()
    while (now := world.clock()) - begun < timedelta(minutes=58):
        world.lose_services(fallback)
        before = history(fallback).count("is restarted")
        recover(world, instance)
        if history(fallback).count("is restarted") > before:
            times.append(round((now - begun).seconds / 60))
        world.clock.forward(30)
    assert [time // 5 * 5 for time in times] == [0, 5, 20]
    assert history(fallback)[-1] == "is not restarted any more"
    assert history(fallback).count("is not restarted any more") == 1
    world.clock.forward(300)
    recover(world, instance)
    assert history(fallback).count("is restarted") == 4


def test_a_job_that_a_person_cancelled_is_not_submitted_again_at_once(
    world: World, instance: OpenEdXInstance, dead: OpenEdXAppServer
) -> None:
    look(queue=QUEUE, context=world.context())
    jobs.cancel(job_id=Job.objects.get(kind="recover").pk)
    assert recover(world, instance).error == "Cancelled."
    world.clock.forward(30)
    recover(world, instance)
    assert Job.objects.filter(kind="recover").count() == 1


def death(number: int, *, gone: bool) -> bool:
    """Return True if the worker was killed: otherwise there are no more places to die at."""
    world = World()
    instance = world.make_instance()
    fallback = world.spawn(instance, activate=True)
    dead = world.spawn(instance, activate=True)
    world.lose_services(dead)
    if gone:
        lose(world, dead)
    look(queue=QUEUE, context=world.context())
    with dying_at(number) as died:
        if died_now := _killed(world, instance):
            assert died
    if died_now:
        world.clock.forward(60)
        world.work(instance, worker="worker-2")
    assert not Job.objects.filter(state__in=jobs.OPEN).exists()
    assert Job.objects.get(kind="recover").state == "done"
    serves = fallback if gone else dead
    assert active(instance) == [serves.pk]
    assert world.serving(instance) == lms(world, serves)
    end = "is replaced by its fallback" if gone else "answers again"
    assert history(dead) == ["is restarted", end]
    return died_now


def _killed(world: World, instance: OpenEdXInstance) -> bool:
    try:
        world.die(instance)
    except AssertionError:
        return False
    return True


@pytest.mark.django_db
@pytest.mark.parametrize("gone", [False, True])
def test_it_ends_right_wherever_the_worker_dies(gone: bool) -> None:
    for number in count():
        with transaction.atomic():
            goes_on = death(number, gone=gone)
            transaction.set_rollback(True)
        if not goes_on:
            break
    assert number > 5
