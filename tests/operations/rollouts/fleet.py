"""Rollouts in a world in memory: actions are done as workers would, by a clock that jumps."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core.actions import Action, DriveRollout, WorkOn
from ocim.core.rollout import Rules
from ocim.core.rollout_request import FailureBudget
from ocim.operations import jobs
from ocim.operations.rollouts.begin import begin
from ocim.operations.rollouts.drive import drive
from ocim.operations.rollouts.plan import Plan, make_plan
from ocim.operations.rollouts.request import read_request
from ocim.store.models import Lease, OpenEdXAppServer, OpenEdXInstance, Rollout, Upgrade
from tests.world import QUEUE, Killed, World

TAG = "lilac"
UPDATE = {"edx_platform_commit": "opencraft-release/juniper.2"}


@dataclass
class Fleet:
    """Instances that serve, and rollouts over them."""

    world: World
    before_each: Callable[[Action], None] = lambda _action: None
    """Called before an action is done."""
    done: list[Action] = field(default_factory=list)

    def make(self, **fields: Any) -> OpenEdXInstance:
        """Return an instance with an active app server."""
        instance = self.world.make_instance(**fields)
        self.world.request_spawn(instance, activate=True)
        self.world.work(instance)
        instance.refresh_from_db()
        return instance

    def plan(self, tag: str = TAG, *, sql: Sequence[str] = (), **options: Any) -> Plan:
        """Plan a rollout with these options of `instance_redeploy`; `sql` is short for one."""
        base = {"tag": tag, "update": UPDATE, "preupgrade_sql_commands": list(sql), "queue": QUEUE}
        return make_plan(read_request({**base, **options}), context=self.world.context())

    def begin(self, plan: Plan, *, rules: Rules | None = None, **fields: Any) -> Rollout:
        """Store a rollout; nothing is done yet. Rules and fields replace the request's."""
        request = replace(plan.request, **_fields_of(rules or Rules()), **fields)
        rollout, _ = begin(replace(plan, request=request), context=self.world.context())
        return rollout

    def upgrade(
        self, *, rules: Rules | None = None, activate: bool = True, **options: Any
    ) -> Rollout:
        """Plan a rollout, begin it and run it to its end."""
        return self.run(self.begin(self.plan(**options), rules=rules, activate=activate))

    def run(self, *rollouts: Rollout, actions: list[Action] | None = None) -> Rollout:
        """Do what is to be done, and what follows from it, until nothing does."""
        first: list[Action] = [DriveRollout(rollout.pk) for rollout in rollouts]
        waiting = deque(first if actions is None else actions)
        for _ in range(500):
            if not waiting:
                break
            action = waiting.popleft()
            at: datetime | None = getattr(action, "at", None)
            if at and at > self.world.clock():
                if any(_is_due(item, self.world.clock()) for item in waiting):
                    waiting.append(action)
                    continue
                self.world.clock.now = at
            waiting.extend(self._do(action))
        else:
            raise AssertionError("It does not come to rest.")
        for rollout in rollouts:
            rollout.refresh_from_db()
        return rollouts[0] if rollouts else Rollout.objects.get()

    def _do(self, action: Action) -> list[Action]:
        self.before_each(action)
        self.done.append(action)
        match action:
            case DriveRollout():
                return drive(rollout_id=action.rollout_id, context=self.world.context())
            case WorkOn():
                try:
                    return self.world.work(action)
                except Killed:
                    return self._take_over(action)
            case _:
                return []

    def _take_over(self, action: WorkOn) -> list[Action]:
        """Let the lease of a dead process run out, and return another worker's actions."""
        Lease.objects.filter(pk=action.lease_id).update(
            holder="worker-1/0", expires_at=self.world.clock.later(self.world.policy.lease)
        )
        self.world.clock.forward(60)
        return [*jobs.abandoned(context=self.world.context())]

    def fail_on(self, *appservers: int, message: str = "no such tag") -> None:
        """Let app servers, by their ids, not be provisioned."""
        for pk in appservers:
            self.world.provisioner.runs[f"appserver-{pk}"] = MemoryRun(fails_with=message)

    def next_id(self) -> int:
        """Return the id of the next app server."""
        newest = OpenEdXAppServer.objects.order_by("-id").first()
        return newest.pk + 1 if newest else 1


def _fields_of(rules: Rules) -> dict[str, Any]:
    """Return the fields of a request that make these rules."""
    budget = None if rules.max_failures is None else FailureBudget(rules.max_failures)
    values = {field.name: getattr(rules, field.name) for field in fields(rules)}
    return {**values, "max_failures": budget, "stagger": rules.stagger.total_seconds()}


def _is_due(action: Action, now: datetime) -> bool:
    at = getattr(action, "at", None)
    return at is None or at <= now


def states(rollout: Rollout) -> list[str]:
    return list(rollout.upgrades.order_by("id").values_list("state", flat=True))


def of(rollout: Rollout, instance: OpenEdXInstance) -> Upgrade:
    return rollout.upgrades.get(instance=instance)


def tags(instance: OpenEdXInstance) -> list[str]:
    return sorted(instance.tags.values_list("name", flat=True))


def active(instance: OpenEdXInstance) -> list[int]:
    result = instance.appserver_set.filter(is_active=True).order_by("id")
    return list(result.values_list("pk", flat=True))
