"""Invariants that hold whatever is requested, in whatever order, and whoever dies meanwhile."""

from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ocim.adapters.memory.probers import Reply, as_expected
from ocim.core.errors import Conflict
from ocim.core.health import Probe
from ocim.core.jobs import ArchiveJob, Payload, RetainJob
from ocim.core.states import (
    APP_SERVER_TRANSITIONS,
    SERVER_TRANSITIONS,
    AppServerState,
    ServerState,
)
from ocim.operations import jobs
from ocim.operations.balancing import sync
from ocim.store.models import Job, LoadBalancingServer, OpenEdXAppServer, OpenEdXInstance, Server
from tests.world import QUEUE, Killed, World

WHICH = st.integers(0, 5)


class Fleet(RuleBasedStateMachine):
    """Two instances, one worker after the other, hosts that may be ill."""

    def __init__(self) -> None:
        super().__init__()
        self.rolled_back = transaction.atomic()
        self.rolled_back.__enter__()
        self.world = World()
        self.instances = [self.world.make_instance() for _ in range(2)]
        self.ill: set[str] = set()
        self.lives = 10**6
        self.seen: dict[tuple[type[Any], int], str] = {}
        self.world.prober.reply = self.reply

    def reply(self, probe: Probe) -> Reply:
        self.lives -= 1
        if self.lives < 0:
            raise Killed
        self.follow_transitions()
        address = probe.connect_to.rpartition(":")[0]
        return Reply(500) if address in self.ill else as_expected(probe)

    @rule(which=WHICH, activate=st.booleans(), count=st.integers(1, 2))
    def spawn(self, which: int, activate: bool, count: int) -> None:
        instance = OpenEdXInstance.objects.get(pk=self.instances[which % 2].pk)
        try:
            self.world.request_spawn(instance, activate=activate, count=count)
        except Conflict:
            assert instance.ref_set.is_archived

    @precondition(lambda _: OpenEdXAppServer.objects.exists())
    @rule(which=WHICH, kind=st.sampled_from(["activate", "deactivate", "terminate"]))
    def ask(self, which: int, kind: str) -> None:
        newest = list(OpenEdXAppServer.objects.order_by("-id")[:6])
        self.world.submit(kind, newest[which % len(newest)])

    @rule(which=WHICH, payload=st.sampled_from([ArchiveJob(), RetainJob(), RetainJob()]))
    def ask_for_all(self, which: int, payload: Payload) -> None:
        jobs.submit(target=self.instances[which % 2], payload=payload, queue=QUEUE)

    @rule(seconds=st.sampled_from([5, 20, 8 * 24 * 3600]))
    def wait(self, seconds: int) -> None:
        self.world.clock.forward(seconds)

    @rule(number=st.integers(0, 3))
    def fall_ill(self, number: int) -> None:
        self.ill.add(f"10.0.0.{number + 1}")

    @rule(which=WHICH)
    def work(self, which: int) -> None:
        self.world.work(self.instances[which % 2], worker="worker-2")

    @rule(which=WHICH, probes=st.integers(0, 6))
    def die(self, which: int, probes: int) -> None:
        self.lives = probes
        try:
            self.world.die(self.instances[which % 2])
        except AssertionError:
            pass  # there was too little to do to die over it
        finally:
            self.lives = 10**6

    @invariant()
    def follow_transitions(self) -> None:
        """Assert that states change as declared; several steps may lie between two looks."""
        for model, transitions in (
            (OpenEdXAppServer, reachable(APP_SERVER_TRANSITIONS)),
            (Server, reachable(SERVER_TRANSITIONS)),
        ):
            kind: Any = AppServerState if model is OpenEdXAppServer else ServerState
            for pk, state in model.objects.values_list("pk", "state"):
                before = self.seen.get((model, pk), state)
                assert state == before or kind(state) in transitions[kind(before)]
                self.seen[model, pk] = state

    @invariant()
    def active_ones_run_on_a_host(self) -> None:
        for item in OpenEdXAppServer.objects.filter(is_active=True).select_related("server"):
            assert item.state == "running"
            assert item.server
            assert item.server.name in self.world.cloud.requests

    @invariant()
    def hosts_belong_to_app_servers(self) -> None:
        needed = OpenEdXAppServer.objects.exclude(state="terminated")
        names = set(needed.values_list("server__name", flat=True))
        assert set(self.world.provider.list()) <= names

    @invariant()
    def one_job_of_an_instance_runs(self) -> None:
        running = Job.objects.filter(state="running").values("instance")
        assert not running.annotate(many=Count("id")).filter(many__gt=1).exists()

    @invariant()
    def the_balancer_follows(self) -> None:
        LoadBalancingServer.objects.update(claimed_by="", claimed_until=None)
        sync(balancer_id=self.world.balancer_server.pk, context=self.world.context())
        for instance in self.instances:
            active = instance.appserver_set.filter(is_active=True).order_by("id")
            wanted = tuple(f"{item.server.address}:8000" for item in active if item.server)
            assert self.world.serving(instance) == wanted

    def teardown(self) -> None:
        """Assert that all jobs end, once a worker has time."""
        try:
            for _ in range(3):
                self.world.clock.forward(60)
                for instance in self.instances:
                    self.world.work(instance)
            assert not Job.objects.filter(state__in=jobs.OPEN).exists()
        finally:
            transaction.set_rollback(True)
            self.rolled_back.__exit__(None, None, None)


def reachable(transitions: Any) -> dict[Any, set[Any]]:
    """Return every state with all states that may follow it."""
    result = {state: set(following) for state, following in transitions.items()}
    for _ in result:
        for following in result.values():
            following |= {far for near in following for far in transitions[near]}
    return result


@pytest.mark.django_db
def test_nothing_goes_wrong_in_any_order() -> None:
    run_state_machine_as_test(
        Fleet,
        settings=settings(max_examples=8, stateful_step_count=15, deadline=None, database=None),
    )
