"""The queue, on both kinds of it. Messages are executed here as the consumer would."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axes.models import AccessLog
from django.db import transaction
from pytest_django import Settings as SettingsWrapper

from ocim.core.actions import DriveRollout, SyncBalancer, WorkOn
from ocim.core.rollout import Rules
from ocim.operations import jobs
from ocim.store.models import Job, LoadBalancingServer
from ocim.tasks import PERIODIC, enqueue, queues
from tests.operations.rollouts.fleet import TAG, Fleet, tags
from tests.redis_server import redis_server
from tests.world import World

QUEUES = ("opencraft", "opencraft_low_priority", "opencraft_periodic")
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("queues")]


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param(
            "redis",
            marks=pytest.mark.skipif(
                not shutil.which("redis-server"), reason="needs the Debian package redis-server"
            ),
        ),
    ]
)
def queue_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("redis_url")) if request.param == "redis" else ""


@pytest.fixture
def world(
    queue_url: str, tmp_path: Path, settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    settings.OCIM = replace(settings.OCIM, var=tmp_path, queue_url=queue_url)
    world = World()
    monkeypatch.setattr(queues, "context", world.context)
    queues.queue.cache_clear()
    yield world
    for name in QUEUES:
        storage = queues.queue(name).huey.storage
        storage.flush_all()
        storage.close()
    queues.queue.cache_clear()


def pending(name: str) -> int:
    return int(queues.queue(name).huey.pending_count())


def consume(name: str) -> None:
    """Execute all messages that there are."""
    huey = queues.queue(name).huey
    while huey.pending_count():
        huey.execute(huey.dequeue())


def test_a_nudge_goes_to_its_queue(world: World) -> None:
    enqueue([WorkOn(1, "opencraft_low_priority")])
    assert [pending(name) for name in QUEUES] == [0, 1, 0]


def test_a_look_at_a_rollout_waits_behind_no_job(world: World) -> None:
    enqueue([DriveRollout(1)])
    assert pending(PERIODIC) == 1


@pytest.mark.parametrize("seconds, sent", [(59, 1), (61, 0)])
def test_a_look_at_a_rollout_is_scheduled_if_it_comes_before_the_look_of_each_minute(
    world: World, seconds: int, sent: int
) -> None:
    enqueue([DriveRollout(1, world.clock.later(seconds))])
    assert pending(PERIODIC) == sent


def test_nothing_is_sent_before_the_commit(world: World) -> None:
    with transaction.atomic():
        enqueue([WorkOn(1, "opencraft"), SyncBalancer(1)])
        assert [pending("opencraft"), pending(PERIODIC)] == [0, 0]
    assert [pending("opencraft"), pending(PERIODIC)] == [1, 1]


def test_nothing_is_sent_for_what_was_rolled_back(world: World) -> None:
    with transaction.atomic():
        enqueue([WorkOn(1, "opencraft")])
        transaction.set_rollback(True)
    assert pending("opencraft") == 0


def test_a_message_makes_a_worker_do_the_job(world: World) -> None:
    instance = world.make_instance()
    [appserver], job = world.request_spawn(instance, activate=True)
    enqueue([jobs.wake_up(job)])
    consume("opencraft")
    appserver.refresh_from_db()
    assert appserver.is_active
    assert world.serving(instance)


def test_a_lost_message_twin_does_no_harm(world: World) -> None:
    instance = world.make_instance()
    _, job = world.request_spawn(instance)
    enqueue([jobs.wake_up(job)] * 2)
    consume("opencraft")
    assert len(world.provider.list()) == 1


def test_a_job_that_waits_for_its_time_is_scheduled(world: World) -> None:
    appserver = world.spawn(world.make_instance(), activate=True)
    world.do("deactivate", appserver)
    job = world.submit("terminate", appserver)
    enqueue([jobs.wake_up(job)])
    consume("opencraft")
    huey = queues.queue("opencraft").huey
    assert huey.scheduled_count() == 1
    now = datetime.now(UTC).replace(tzinfo=None)
    assert huey.read_schedule(now + timedelta(seconds=world.policy.drain - 5)) == []
    [task] = huey.read_schedule(now + timedelta(seconds=world.policy.drain + 5))
    world.clock.forward(world.policy.drain)
    huey.execute(task, task.eta)
    job.refresh_from_db()
    assert job.state == "done"


def test_the_balancer_is_brought_up_to_date(world: World) -> None:
    instance = world.make_instance()
    enqueue([SyncBalancer(world.balancer_server.pk)])
    consume(PERIODIC)
    assert world.balancer.site(instance.internal_lms_domain)


def test_an_expected_failure_is_one_line_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.balancer.running = False
    enqueue([SyncBalancer(world.balancer_server.pk)])
    consume(PERIODIC)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "sync: The balancer is not running. Set `running` to True."
    ]
    assert not [record for record in caplog.records if record.exc_info]


def test_all_forgotten_work_is_taken_up_at_once(world: World) -> None:
    for _ in range(3):
        world.request_spawn(world.make_instance())
    queues.repair()
    consume("opencraft")
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert len(world.provider.list()) == 3


def test_a_queue_that_has_messages_is_not_flooded(world: World) -> None:
    for _ in range(3):
        world.request_spawn(world.make_instance())
    LoadBalancingServer.objects.update(applied=1000, digest=world.balancer.routing.digest)
    queues.repair()
    queues.repair()
    assert pending("opencraft") == 3


def test_work_that_is_not_due_is_not_scheduled_once_more(world: World) -> None:
    world.request_spawn(world.make_instance())
    Job.objects.update(not_before=world.clock.later(60))
    queues.repair()
    assert queues.queue("opencraft").huey.scheduled_count() == 0


def test_a_balancer_that_lags_behind_is_mended(world: World) -> None:
    instance = world.make_instance()
    queues.repair()
    consume(PERIODIC)
    assert world.balancer.site(instance.internal_lms_domain)


def test_retention_is_worked_off_with_low_priority_and_attempts_to_sign_in_are_forgotten(
    world: World,
) -> None:
    world.break_hosts(lambda _: True)
    world.spawn(world.make_instance())
    world.clock.forward(4 * 24 * 3600)
    AccessLog.objects.create(username="mira")
    AccessLog.objects.update(attempt_time=world.context().now() - timedelta(days=91))
    queues.retain()
    assert not AccessLog.objects.exists()
    assert pending("opencraft") == 0
    consume("opencraft_low_priority")
    assert world.provider.list() == []


def test_one_process_only_looks_after_what_is_due(world: World) -> None:
    def periodic(name: str) -> set[str]:
        return {task.name for task in queues.queue(name).huey._registry.periodic_tasks}

    assert periodic("opencraft_periodic") == {"looks", "repair", "retain", "refresh"}
    assert periodic("opencraft") == periodic("opencraft_low_priority") == set()


def test_every_minute_has_its_looks(world: World, settings: SettingsWrapper) -> None:
    world.spawn(world.make_instance(), activate=True)
    world.prober.asked.clear()
    settings.OCIM = replace(settings.OCIM, look_seconds=20)
    queues.looks()
    consume(PERIODIC)
    assert len(world.prober.asked) == 2
    huey = queues.queue(PERIODIC).huey
    looks = huey.read_schedule(datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=45))
    assert [look.name for look in looks] == ["look"] * 2


@pytest.mark.parametrize("seconds, count", [(0, 60), (45, 2), (60, 1), (9999, 1)])
def test_looks_are_at_least_once_a_minute(
    world: World, settings: SettingsWrapper, seconds: float, count: int
) -> None:
    settings.OCIM = replace(settings.OCIM, look_seconds=seconds)
    queues.looks()
    assert pending(PERIODIC) == count


def test_a_look_does_not_overlap_the_one_before(world: World) -> None:
    world.spawn(world.make_instance(), activate=True)
    asked = len(world.prober.asked)
    with queues._looking:
        queues.look()
    assert len(world.prober.asked) == asked


def test_a_dead_app_server_is_restarted_and_people_are_told(world: World) -> None:
    appserver = world.spawn(world.make_instance(), activate=True)
    world.lose_services(appserver)
    queues.look()
    consume(PERIODIC)
    assert Job.objects.get(kind="recover").state == "done"
    output = [notice.title.partition(": ")[2] for _, notice in world.notifier.sent]
    assert output == [f"{appserver} is restarted", f"{appserver} answers again"]


def test_restarts_leave_threads_to_those_who_look_after_the_balancer(world: World) -> None:
    appserver = world.spawn(world.make_instance(), activate=True)
    world.lose_services(appserver)
    with ExitStack() as taken:
        for _ in range(3):
            taken.enter_context(queues._recovering)
        queues.look()
        consume(PERIODIC)
        assert Job.objects.get(kind="recover").state == "waiting"
        assert queues.queue(PERIODIC).huey.scheduled_count() == 1
    queues.repair()
    consume(PERIODIC)
    assert Job.objects.get(kind="recover").state == "done"


def test_a_message_that_another_key_signed_is_not_executed(
    world: World, settings: SettingsWrapper
) -> None:
    _, job = world.request_spawn(world.make_instance())
    settings.SECRET_KEY = "another"
    enqueue([jobs.wake_up(job)])
    queues.queue("opencraft").huey.storage.close()
    settings.SECRET_KEY = "only for tests"
    queues.queue.cache_clear()
    with pytest.raises(ValueError, match=r"[Ss]ignature"):
        queues.queue("opencraft").huey.dequeue()
    job.refresh_from_db()
    assert job.state == "waiting"


def test_a_free_slot_is_filled_by_the_worker_that_freed_it(world: World) -> None:
    fleet = Fleet(world)
    instances = [fleet.make(), fleet.make()]
    fleet.begin(fleet.plan(), rules=Rules(batch_size=1))
    queues.repair()
    consume(PERIODIC)
    consume("opencraft")
    assert [tags(instance) for instance in instances] == [[TAG], [TAG]]
