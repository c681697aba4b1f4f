from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from ocim.core.errors import Conflict
from ocim.store import selectors
from ocim.store.models import InstanceReference, OpenEdXInstance, Worker
from tests.store.test_routing import fleet
from tests.world import World


def status(instance: OpenEdXInstance) -> str:
    return selectors.status_of(selectors.instances(archived=True).get(pk=instance.pk))


def test_an_instance_without_app_server_is_down(world: World) -> None:
    assert status(world.make_instance()) == "down"


def test_an_instance_whose_first_app_server_is_made_is_starting(world: World) -> None:
    instance = world.make_instance()
    world.request_spawn(instance)
    assert status(instance) == "starting"


def test_an_instance_that_is_served_is_on_the_web(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    assert status(instance) == "on the web"


def test_an_instance_that_is_served_while_another_is_made_is_upgrading(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    world.request_spawn(instance)
    assert status(instance) == "upgrading"


def test_an_instance_whose_newest_app_server_failed_has_failed(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance)
    world.break_hosts(lambda _: True)
    world.spawn(instance)
    assert status(instance) == "failed"


def test_an_older_failure_is_history(world: World) -> None:
    instance = world.make_instance()
    healthy = world.prober.reply
    world.break_hosts(lambda _: True)
    world.spawn(instance)
    world.prober.reply = healthy
    world.spawn(instance)
    assert status(instance) == "down"


def test_an_archived_instance_is_archived(world: World) -> None:
    instance = world.make_instance()
    InstanceReference.objects.update(is_archived=True)
    assert status(instance) == "archived"
    assert not selectors.instances().exists()


def test_every_status_is_explained(world: World) -> None:
    assert status(world.make_instance()) in selectors.STATUSES


def test_an_instance_is_found_by_id_domain_and_name(world: World) -> None:
    instance = world.make_instance(name="Campus", external_lms_domain="learn.example.org")
    world.make_instance(name="Other")
    for text in (str(instance.pk), "Learn.example.org", "studio.campus-1.example.com", "Campus"):
        assert selectors.find_instance(text) == instance


def test_what_is_found_by_name_counts_its_app_servers_once(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    instance = selectors.find_instance(instance.internal_lms_domain)
    assert instance.active_count == 1  # type: ignore[attr-defined]


def test_an_id_is_no_one_elses_name(world: World) -> None:
    instance = world.make_instance()
    world.make_instance(name=str(instance.pk))
    assert selectors.find_instance(str(instance.pk)) == instance


def test_an_ambiguous_name_is_refused(world: World) -> None:
    world.make_instance(name="Twin")
    world.make_instance(name="Twin")
    with pytest.raises(Conflict, match="Several instances are named 'Twin'"):
        selectors.find_instance("Twin")


@pytest.mark.parametrize("text", ["", "nobody", "999", "9" * 30, "²"])
def test_what_there_is_not_is_not_found(world: World, text: str) -> None:
    with pytest.raises(Conflict, match="No instance"):
        selectors.find_instance(text)


def test_an_app_server_that_there_is_not_is_not_found(world: World) -> None:
    appserver = world.spawn(world.make_instance())
    assert selectors.find_appserver(appserver.pk) == appserver
    with pytest.raises(Conflict, match="No app server"):
        selectors.find_appserver(appserver.pk + 1)


def test_jobs_that_wait_or_run_are_open(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance)
    _, job = world.request_spawn(instance)
    assert list(selectors.open_jobs(instance)) == [job]


def test_a_worker_that_is_silent_is_not_alive(world: World) -> None:
    now = world.clock()
    for name, queue, silence in (("a", "slow", 10), ("b", "fast", 29), ("c", "slow", 31)):
        Worker.objects.create(
            name=name,
            queue=queue,
            threads=1,
            started_at=now,
            seen_at=now - timedelta(seconds=silence),
        )
    assert [worker.name for worker in selectors.live_workers(now)] == ["b", "a"]
    assert [worker.name for worker in selectors.live_workers(now, "slow")] == ["a"]


@pytest.mark.parametrize("count", [2, 50])
def test_lists_take_one_query(
    world: World, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fleet(world, count)
    with django_assert_num_queries(1):
        shown = [(str(row), selectors.status_of(row)) for row in selectors.instances()]
    with django_assert_num_queries(1):
        appservers = [
            (str(row), str(row.server), str(row.instance), row.instance.ref_set.is_archived)
            for row in selectors.appservers()
        ]
    assert len(shown) == len(appservers) == count
