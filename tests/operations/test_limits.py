"""Waiting ends with the job: when it is cancelled, and when its time is over."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ocim.core import stopping
from ocim.core.hosts import Ran
from ocim.operations import jobs
from ocim.store.models import Job, OpenEdXAppServer, OpenEdXInstance
from tests.world import World

SHOP = "SANDBOX_ENABLE_ECOMMERCE: true"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask at every look."""
    monkeypatch.setattr(stopping, "EVERY", 0.0)
    monkeypatch.setattr(stopping, "STEP", 0.01)


def hang(*_: Any, **__: Any) -> Any:
    """Cancel the job, and wait for an event that never comes."""
    Job.objects.filter(state="running").update(cancel_requested=True)
    stopping.wait(600)


def hang_once(of: object, method: str) -> None:
    """Let a method hang when it is called first; what puts things right must not hang, too."""
    left = [hang, getattr(of, method)]

    def call(*given: Any, **named: Any) -> Any:
        return (left.pop(0) if len(left) > 1 else left[0])(*given, **named)

    setattr(of, method, call)


def spawned(world: World) -> OpenEdXAppServer:
    return world.spawn(world.make_instance(), activate=True)


@pytest.mark.parametrize(
    "place, method",
    [
        ("provisioner", "check"),
        ("databases", "ensure"),
        ("provider", "create"),
        ("provider", "wait_until_reachable"),
        ("provisioner", "provision"),
        ("prober", "get"),
        ("balancer", "apply"),
    ],
)
def test_a_spawn_that_hangs_anywhere_ends_when_it_is_cancelled(
    world: World, place: str, method: str
) -> None:
    instance = world.make_instance()
    hang_once(getattr(world, place), method)
    world.request_spawn(instance, activate=True)
    world.work(instance)
    assert Job.objects.get().error == "Cancelled."
    assert not instance.appserver_set.filter(is_active=True).exists()


@pytest.mark.parametrize(
    "kind, place, method",
    [("terminate", "provider", "destroy"), ("activate", "prober", "get")],
)
def test_other_jobs_that_hang_end_when_they_are_cancelled(
    world: World, kind: str, place: str, method: str
) -> None:
    appserver = world.spawn(world.make_instance())
    setattr(getattr(world, place), method, hang)
    assert world.do(kind, appserver).error == "Cancelled."


def test_the_old_app_servers_serve_on_where_a_check_after_the_switch_hangs(world: World) -> None:
    instance = world.make_instance()
    old = world.spawn(instance, activate=True)
    reply = world.prober.reply

    def public_hangs(probe: Any) -> Any:
        return hang() if probe.url.startswith("https") else reply(probe)

    world.prober.reply = public_hangs
    world.spawn(instance, activate=True)
    assert Job.objects.latest("id").error == "Cancelled."
    assert world.serving(instance) == (f"{world.address(old)}:8000",)


def test_a_shell_on_an_app_server_that_hangs_ends_when_the_job_is_cancelled(world: World) -> None:
    instance = world.make_instance(configuration_extra_settings=SHOP)
    in_shell = threading.Event()

    def shell(*_: Any) -> Ran:
        in_shell.set()
        stopping.wait(600)
        raise AssertionError

    def cancel_in_shell() -> Any:
        if in_shell.is_set():
            Job.objects.update(cancel_requested=True)

    world.cloud.answer = shell
    check = stopping.check
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            stopping,
            "check",
            lambda: (
                (threading.current_thread() is threading.main_thread() and cancel_in_shell())
                or check()
            ),
        )
        world.spawn(instance)
    assert in_shell.is_set()
    assert Job.objects.get().error == "Cancelled."


def test_a_job_that_takes_too_long_is_ended(world: World) -> None:
    world.policy = replace(world.policy, job_timeout=0.2)
    setattr(world.prober, "get", lambda _probe: stopping.wait(600))  # noqa: B010
    appserver = spawned(world)
    assert appserver.state == "failed"
    assert "The job took over 0.2 s, and was ended." in appserver.failure
    assert "OCIM_JOB_TIMEOUT" in Job.objects.get().error


def running(world: World, look: Callable[[Job], object]) -> OpenEdXInstance:
    """Spawn an instance, and call `look` with the job at its probes."""
    instance = world.make_instance()
    reply = world.prober.reply

    def noticed(probe: Any) -> Any:
        look(Job.objects.get())
        return reply(probe)

    world.prober.reply = noticed
    world.request_spawn(instance)
    world.work(instance)
    return instance


def test_a_job_says_what_it_is_at(world: World) -> None:
    seen: list[Any] = []
    running(world, lambda job: seen.append((job.step, job.step_at, job.seen_at)))
    assert seen[0] == ("health check", world.clock(), world.clock())


def test_a_job_whose_thread_asks_no_more_is_stuck(world: World) -> None:
    result: list[list[Job]] = []

    def look(job: Job) -> None:
        result.append(list(jobs.stuck(context=world.context())))
        Job.objects.update(seen_at=world.clock() - jobs.STUCK - timedelta(minutes=1))
        result.append(list(jobs.stuck(context=world.context())))

    running(world, look)
    assert result[:2] == [[], [Job.objects.get()]]
    assert list(jobs.stuck(context=world.context())) == []


def test_a_job_gives_a_sign_of_life_whenever_it_waits(world: World) -> None:
    seen: list[Any] = []

    def look(job: Job) -> None:
        world.clock.forward(60)
        stopping.check()
        job.refresh_from_db()
        seen.append(job.seen_at == world.clock())

    running(world, look)
    assert all(seen)
