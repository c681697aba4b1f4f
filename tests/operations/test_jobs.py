from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from ocim.core import stopping
from ocim.core.actions import Action, WorkOn
from ocim.core.errors import LostClaim, OcimError
from ocim.core.job_kinds import JobKind
from ocim.core.jobs import RetainJob
from ocim.core.states import AppServerState, JobState
from ocim.operations import job_runner, jobs
from ocim.operations.claim import Claim, NotYet
from ocim.operations.job_runner import Handler
from ocim.store.claims import (
    claim_lease,
    move_appserver,
    move_job,
    renew_leases,
    write_appservers,
    write_job,
)
from ocim.store.models import Job, Lease, OpenEdXAppServer, OpenEdXInstance
from tests.world import QUEUE, Killed, World

Run = Callable[[Claim], list[Action]]


def nothing(_claim: Claim) -> list[Action]:
    return []


class Desk:
    """Jobs of one instance, and what they do."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.instance = world.make_instance()
        self.run: Run = nothing
        self.done: list[int] = []

    def submit(self, queue: str = QUEUE) -> Job:
        return jobs.submit(target=self.instance, payload=RetainJob(), queue=queue)

    def work(
        self, worker: str = "worker-1", queue: str = QUEUE, *, drains: Callable[[], bool] = bool
    ) -> list[Action]:
        return job_runner.run_pending_jobs(
            lease_id=self.instance.lease_id,
            queue=queue,
            handlers={JobKind.RETAIN: Handler(self._run)},
            context=self.world.context(worker),
            is_draining=drains,
        )

    def _run(self, claim: Claim, _payload: RetainJob) -> list[Action]:
        self.done.append(claim.job.pk)
        return self.run(claim)

    def claim(self, worker: str = "worker-1") -> Lease | None:
        clock, seconds = self.world.clock, self.world.policy.lease
        return claim_lease(self.instance.lease_id, worker=worker, now=clock(), seconds=seconds)

    def die(self) -> None:
        """Take the next job, and be killed over it."""

        def killed(_claim: Claim) -> list[Action]:
            raise Killed

        self.run = killed
        with pytest.raises(Killed):
            self.work()
        self.run = nothing
        assert self.claim("dead")


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def state_of(job: Job) -> str:
    return Job.objects.values_list("state", flat=True).get(pk=job.pk)


def test_jobs_are_done_in_the_order_of_their_coming(desk: Desk) -> None:
    waiting = [desk.submit() for _ in range(3)]
    assert desk.work() == []
    assert desk.done == [item.pk for item in waiting]
    assert [state_of(item) for item in waiting] == ["done"] * 3


def test_a_job_that_was_done_says_when(desk: Desk) -> None:
    desk.submit()
    desk.work()
    assert Job.objects.get().ended_at == desk.world.clock()


def test_a_job_that_comes_while_another_is_done_is_done_next(desk: Desk) -> None:
    first = desk.submit()

    def submit_another(claim: Claim) -> list[Action]:
        if claim.job == first:
            desk.submit()
        return []

    desk.run = submit_another
    desk.work()
    assert len(desk.done) == 2


def test_one_worker_at_a_time_works_on_an_instance(desk: Desk) -> None:
    desk.submit()
    desk.run = lambda *_: desk.work("worker-2")
    desk.work()
    assert len(desk.done) == 1


def test_a_lease_that_was_given_back_is_free(desk: Desk) -> None:
    desk.submit()
    desk.work()
    assert desk.claim("worker-2")


def test_a_worker_that_comes_too_late_goes_on_with_the_next_job(desk: Desk) -> None:
    """Let another worker do the job between the look for work and the lease."""
    first = desk.submit()
    second = desk.submit()
    clock = desk.world.clock
    looked: list[int] = []

    class Meanwhile(type(clock)):  # type: ignore[misc]
        def __call__(self) -> object:
            if len(looked) == 1:  # the second time is the claim's
                Job.objects.filter(pk=first.pk).update(state=JobState.DONE)
            looked.append(1)
            return super().__call__()

    desk.world.clock = Meanwhile(clock.now)
    desk.work()
    assert desk.done == [second.pk]


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_that_race_exactly_one_does_the_job() -> None:
    desk = Desk(World())
    job = desk.submit()
    start = Barrier(2)

    def race(worker: str) -> None:
        try:
            start.wait()
            desk.work(worker)
        finally:
            connections.close_all()

    threads = [Thread(target=race, args=[f"worker-{i}"]) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.done == [job.pk]
    assert state_of(job) == "done"


def test_a_dead_workers_job_is_left_alone_while_its_lease_lasts(desk: Desk) -> None:
    job = desk.submit()
    desk.die()
    desk.world.clock.forward(desk.world.policy.lease)
    assert desk.work("worker-2") == []
    assert jobs.abandoned(context=desk.world.context()) == []
    assert state_of(job) == "running"


def test_a_dead_workers_job_is_taken_up_again_after_the_leases_end(desk: Desk) -> None:
    job = desk.submit()
    desk.die()
    desk.world.clock.forward(desk.world.policy.lease + 1)
    assert jobs.abandoned(context=desk.world.context()) == [WorkOn(job.lease_id, QUEUE)]
    desk.work("worker-2")
    assert state_of(job) == "done"


def test_a_living_workers_lease_does_not_end(desk: Desk) -> None:
    desk.submit()
    assert desk.claim("worker-1")
    desk.world.clock.forward(desk.world.policy.lease - 1)
    assert renew_leases(worker="worker-1", now=desk.world.clock(), seconds=15) == 1
    assert renew_leases(worker="worker-10", now=desk.world.clock(), seconds=15) == 0
    desk.world.clock.forward(desk.world.policy.lease - 1)
    assert desk.claim("worker-2") is None


def test_a_job_that_kills_its_workers_ends_in_failure(world: World) -> None:
    instance = world.make_instance()
    [appserver], job = world.request_spawn(instance)

    def killed(_: object) -> object:
        raise Killed

    world.prober.reply = killed  # type: ignore[assignment]
    for _ in range(world.policy.job_attempts):
        world.die(instance)
        world.clock.forward(world.policy.lease + 1)
    world.work(instance)
    job.refresh_from_db()
    appserver.refresh_from_db()
    assert (job.state, appserver.state) == ("failed", "failed")
    assert appserver.failure == job.error
    assert "died 3 times" in job.error


def test_a_worker_that_lost_its_lease_cannot_write(world: World) -> None:
    instance = world.make_instance()
    [appserver], job = world.request_spawn(instance)

    lost = world.claim(instance, "worker-1")
    world.clock.forward(16)
    world.claim(instance, "worker-2")
    with pytest.raises(LostClaim):
        move_appserver(appserver, AppServerState.WAITING_FOR_HOST, lease=lost)
    with pytest.raises(LostClaim):
        write_appservers([appserver.pk], lease=lost, failure="x")
    with pytest.raises(LostClaim):
        move_job(job, JobState.RUNNING, lease=lost)
    with pytest.raises(LostClaim):
        write_job(job, lease=lost, memory={"x": 1})
    stored = OpenEdXAppServer.objects.get()
    assert (stored.state, stored.failure) == ("new", "")
    assert (Job.objects.get().state, Job.objects.get().memory) == ("waiting", {})


def test_a_worker_that_lost_its_lease_leaves_all_to_the_other(world: World) -> None:
    instance = world.make_instance()
    [appserver], job = world.request_spawn(instance)
    healthy = world.prober.reply

    def lose(probe: object) -> object:
        world.prober.reply = healthy
        world.clock.forward(world.policy.lease + 1)
        world.work(instance, worker="worker-2")
        return healthy(probe)  # type: ignore[arg-type]

    world.prober.reply = lose  # type: ignore[assignment]
    assert world.work(instance, worker="worker-1") == []
    appserver.refresh_from_db()
    assert appserver.state == "running"
    assert state_of(job) == "done"
    texts = list(appserver.log_entries.values_list("text", flat=True))
    assert texts.count("Running.") == 1


def test_a_job_that_cannot_be_done_yet_is_done_at_its_time(desk: Desk) -> None:
    moment = desk.world.clock() + timedelta(seconds=10)

    def wait(claim: Claim) -> list[Action]:
        if claim.context.now() < moment:
            raise NotYet(moment)
        return []

    desk.run = wait
    job = desk.submit()
    assert desk.work() == [WorkOn(desk.instance.lease_id, QUEUE, moment)]
    assert desk.work() == [WorkOn(desk.instance.lease_id, QUEUE, moment)]
    assert desk.done == [job.pk]
    desk.world.clock.forward(10)
    assert desk.work() == []
    assert state_of(job) == "done"


def test_a_job_behind_one_that_waits_for_its_time_is_done(desk: Desk) -> None:
    first = desk.submit()
    moment = desk.world.clock() + timedelta(seconds=10)
    Job.objects.filter(pk=first.pk).update(not_before=moment)
    second = desk.submit()
    desk.work()
    assert desk.done == [second.pk]


def test_of_jobs_that_wait_for_their_time_the_earliest_is_nudged(desk: Desk) -> None:
    now = desk.world.clock()
    for seconds in (100, 10, 50):
        job = desk.submit()
        Job.objects.filter(pk=job.pk).update(not_before=now + timedelta(seconds=seconds))
    assert desk.work() == [WorkOn(desk.instance.lease_id, QUEUE, now + timedelta(seconds=10))]


def test_a_job_of_another_queue_goes_there(desk: Desk) -> None:
    desk.submit()
    desk.submit("slow")
    assert desk.work() == [WorkOn(desk.instance.lease_id, "slow")]
    assert len(desk.done) == 1
    assert desk.work(queue="slow") == []
    assert len(desk.done) == 2


def test_a_failure_is_kept_as_it_was_said(desk: Desk) -> None:
    def fail(*_: object) -> list[Action]:
        raise OcimError("It broke.", remedy="Mend it.")

    desk.run = fail
    desk.submit()
    desk.submit()
    desk.work()
    assert list(Job.objects.values_list("state", "error")) == [("failed", "It broke. Mend it.")] * 2


def test_an_unforeseen_error_is_recorded_without_its_text(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> list[Action]:
        raise ValueError("password=hush")

    desk.run = fail
    desk.submit()
    desk.work()
    job = Job.objects.get()
    assert job.state == "failed"
    assert job.error == "An unexpected error ended the job. See the worker's log."
    assert "failed with an unexpected error" in caplog.text


def test_a_worker_that_ends_lays_down_what_it_holds(desk: Desk) -> None:
    job = desk.submit()

    def end(_claim: Claim) -> list[Action]:
        job_runner.release_all_leases(context=desk.world.context())
        raise Killed

    desk.run = end
    with pytest.raises(Killed):
        desk.work()
    assert Job.objects.values_list("state", "attempts").get() == ("running", 0)
    desk.run = nothing
    desk.work("worker-2")
    assert state_of(job) == "done"


def test_a_worker_lays_down_nothing_of_others(desk: Desk) -> None:
    desk.submit()
    desk.die()
    job_runner.release_all_leases(context=desk.world.context("worker-2"))
    assert desk.claim("worker-2") is None
    assert Job.objects.get().attempts == 1


def test_work_that_nobody_holds_is_found(desk: Desk) -> None:
    desk.submit("slow")
    desk.submit("slow")
    context = desk.world.context()
    assert jobs.unattended(context=context) == [WorkOn(desk.instance.lease_id, "slow")]
    assert jobs.abandoned(context=context) == []
    desk.claim("worker-2")
    assert jobs.unattended(context=context) == []


def test_work_that_is_not_due_is_not_forgotten_work(desk: Desk) -> None:
    desk.submit()
    later = desk.world.clock() + timedelta(seconds=10)
    Job.objects.update(not_before=later)
    assert jobs.unattended(context=desk.world.context()) == []
    desk.world.clock.forward(10)
    assert jobs.unattended(context=desk.world.context())


def test_instances_do_not_wait_for_one_another(world: World) -> None:
    item, other = Desk(world), Desk(world)
    item.submit()
    job = other.submit()
    item.run = lambda *_: other.work("worker-2")
    item.work()
    assert state_of(job) == "done"
    assert OpenEdXInstance.objects.count() == 2


def test_a_job_that_loses_the_database_is_taken_up_again(desk: Desk) -> None:
    def lose(_claim: Claim) -> list[Action]:
        raise OperationalError("the connection is lost")

    desk.run = lose
    job = desk.submit()
    desk.work()
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert jobs.abandoned(context=desk.world.context()) == [jobs.wake_up(job)]
    desk.run = nothing
    desk.work()
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_a_job_ends_before_another_worker_may_take_its_lease_without_a_database(desk: Desk) -> None:
    """Use a lease of a third of a second, of which the last third is for the end."""
    desk.world.policy = replace(desk.world.policy, lease=1 / 3)
    asked, reasons = [], []

    def unreachable(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "cancel_requested" in sql:
            asked.append(sql)
            raise OperationalError("the connection is lost")
        return execute(sql, *rest)

    def wait(_claim: Claim) -> list[Action]:
        try:
            with connection.execute_wrapper(unreachable):
                stopping.wait(3600)
        except LostClaim as lost:
            reasons.append(lost.problem)
            raise
        return []

    desk.run = wait
    job = desk.submit()
    desk.work()

    assert asked
    assert reasons == [f"The database does not answer, so lease {job.lease_id} cannot be renewed."]
    job.refresh_from_db()
    assert job.state == JobState.RUNNING


def test_a_job_goes_on_while_the_database_is_away_for_a_moment(desk: Desk) -> None:
    def unreachable(_execute: Callable[..., Any], _sql: str, *_rest: Any) -> Any:
        raise OperationalError("the connection is lost")

    def ask(_claim: Claim) -> list[Action]:
        with connection.execute_wrapper(unreachable):
            stopping.is_cancelled()
        return []

    desk.run = ask
    job = desk.submit()
    desk.work()
    assert state_of(job) == "done"


def test_a_worker_that_drains_finishes_its_job_and_begins_none(desk: Desk) -> None:
    first, second = desk.submit(), desk.submit()

    actions = desk.work(drains=lambda: bool(desk.done))

    assert actions == [jobs.wake_up(second)]
    assert [state_of(first), state_of(second)] == ["done", "waiting"]


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_given_back_once_the_database_answers(desk: Desk) -> None:
    desk.submit()
    refused = iter(range(3))

    def refuse(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if (
            "store_lease" in sql
            and '"expires_at" = NULL' in sql
            and next(refused, None) is not None
        ):
            raise OperationalError("the connection is lost")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        desk.work()
    assert next(refused, None) is None
    assert Lease.objects.get(pk=desk.instance.lease_id).holder == ""


def test_a_job_that_another_version_wrote_fails_with_the_reason(desk: Desk) -> None:
    job = desk.submit()
    Job.objects.filter(pk=job.pk).update(arguments={"steps": ["all"]})
    desk.work()
    job.refresh_from_db()
    assert desk.done == []
    assert job.state == JobState.FAILED
    assert job.error.startswith(f"Another version of Ocim wrote {job}: RetainJob has the keys []")
