"""Rollouts that overlap, with spawns, archives, deaths and people between them."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from ocim.adapters.memory.databases import MemoryDatabases
from ocim.core.errors import Conflict, ValidationError
from ocim.core.instance import Database
from ocim.core.rollout import Rules
from ocim.core.states import UPGRADE_TRANSITIONS, UpgradeState
from ocim.operations.rollouts import control, undo
from ocim.operations.rollouts.drive import drive
from ocim.store.models import Job, OpenEdXAppServer, Rollout, Upgrade
from tests.operations.rollouts.fleet import Fleet as Upgrades
from tests.operations.test_any_order import WHICH, Fleet, reachable


class Databases(MemoryDatabases):
    """Databases that record the executed statements."""

    def __init__(self) -> None:
        super().__init__()
        self.executed: Counter[tuple[str, str]] = Counter()

    def execute(self, database: Database, statement: str) -> int:
        self.executed[database.name, statement] += 1
        return 0


class Rollouts(Fleet):
    """The fleet of the other test, and rollouts over both of its instances."""

    def __init__(self) -> None:
        super().__init__()
        self.databases = self.world.databases = Databases()
        self.original = {instance.pk: instance.edx_platform_commit for instance in self.instances}
        self.begun = 0
        for instance in self.instances:
            self.world.request_spawn(instance, activate=True)
            self.world.work(instance)

    @rule(batch_size=st.integers(1, 2), attempts=st.integers(1, 2), activate=st.booleans())
    def redeploy(self, batch_size: int, attempts: int, activate: bool) -> None:
        self.begun += 1
        tag = f"release-{self.begun}"
        upgrades = Upgrades(self.world)
        plan = upgrades.plan(tag, update={"edx_platform_commit": tag}, sql=[f"ANALYZE {tag}"])
        if plan.items:
            rules = Rules(batch_size=batch_size, num_attempts=attempts)
            upgrades.begin(plan, rules=rules, activate=activate)

    @precondition(lambda _: Rollout.objects.exists())
    @rule(which=WHICH)
    def look(self, which: int) -> None:
        drive(rollout_id=self._rollout(which).pk, context=self.world.context())

    @precondition(lambda _: Rollout.objects.exists())
    @rule(which=WHICH, deed=st.sampled_from(["pause", "resume", "abort", "retry", "undo"]))
    def step_in(self, which: int, deed: str) -> None:
        deeds: dict[str, Any] = {
            "pause": control.pause,
            "resume": control.resume,
            "abort": control.abort,
            "retry": control.retry,
            "undo": undo.request,
        }
        with suppress(Conflict, ValidationError):  # not in this state
            deeds[deed](self._rollout(which))

    def _rollout(self, which: int) -> Rollout:
        newest = list(Rollout.objects.order_by("-id")[:3])
        return newest[which % len(newest)]

    @invariant()
    def no_statement_ran_twice(self) -> None:
        assert not [item for item, count in self.databases.executed.items() if count > 1]

    @invariant()
    def upgrades_follow_their_transitions(self) -> None:
        transitions = reachable(UPGRADE_TRANSITIONS)
        for pk, state in Upgrade.objects.values_list("pk", "state"):
            before = self.seen.get((Upgrade, pk), state)
            assert state == before or UpgradeState(state) in transitions[UpgradeState(before)]
            self.seen[Upgrade, pk] = state

    @invariant()
    def slots_are_never_exceeded(self) -> None:
        for rollout in Rollout.objects.all():
            running = rollout.upgrades.filter(state="running").count()
            assert running <= rollout.rules["batch_size"]

    @invariant()
    def what_failed_does_not_serve(self) -> None:
        over = Upgrade.objects.filter(state__in=["failed", "cancelled"])
        made = [pk for item in over for pk in item.appservers]
        # Nor do those of the attempt that is under way: they are written down anew.
        serving = OpenEdXAppServer.objects.filter(pk__in=made, is_active=True)
        asked_for = self.asked_for
        assert not [item for item in serving if item.pk not in asked_for]

    @property
    def asked_for(self) -> set[int]:
        """App servers that somebody wanted to be active by hand, or by taking back what was."""
        by_hand = Job.objects.filter(kind__in=("activate", "undo"))
        return {pk for job in by_hand for pk in job.arguments.get("appservers", [])}

    def teardown(self) -> None:
        try:
            self._come_to_an_end()
        finally:
            super().teardown()

    def _come_to_an_end(self) -> None:
        """Resume paused rollouts as a person does, until everything is over within some hours."""
        for _ in range(40):
            waiting = Rollout.objects.exclude(state="ended")
            if not waiting:
                break
            for rollout in waiting:
                if rollout.state == "paused":
                    control.resume(rollout)
                drive(rollout_id=rollout.pk, context=self.world.context())
            for instance in self.instances:
                self.world.work(instance)
            self.world.clock.forward(timedelta(minutes=16).total_seconds())
        else:
            raise AssertionError("A rollout does not end.")
        for instance in self.instances:
            instance.refresh_from_db()
            done = Upgrade.objects.filter(instance=instance, state="successful")
            last = done.order_by("ended_at", "job_id").last()  # the clock may have stood still
            expected = last.after if last else {"edx_platform_commit": self.original[instance.pk]}
            assert {"edx_platform_commit": instance.edx_platform_commit} == expected


@pytest.mark.django_db
def test_overlapping_rollouts_never_interleave() -> None:
    run_state_machine_as_test(
        Rollouts,
        settings=settings(max_examples=8, stateful_step_count=20, deadline=None, database=None),
    )
