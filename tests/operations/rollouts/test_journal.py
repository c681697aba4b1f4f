from typing import Any

import pytest

from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core.errors import LostClaim
from ocim.core.rollout import Rules
from ocim.operations.rollouts.journal import Journal
from ocim.store.models import Lease, Rollout
from tests.operations.rollouts.fleet import Fleet
from tests.world import Killed

MADE = ["configuration", "host", "provisioning", "health check"]
BEGUN = ["preparation", "dry run of migrations"]
ALL = [*BEGUN, "settings", "app servers", *MADE, "activation", "public check", "tags"]


def steps(rollout: Rollout, **which: Any) -> list[str]:
    result = rollout.upgrades.get().steps.filter(**which).order_by("id")
    return list(result.values_list("name", flat=True))


def test_every_step_is_written_down(fleet: Fleet) -> None:
    fleet.make()
    assert steps(fleet.upgrade(), state="done") == ALL


def test_sql_and_activation_are_steps_only_where_they_are_wanted(fleet: Fleet) -> None:
    fleet.make()
    rollout = fleet.upgrade(sql=["SELECT 1"], activate=False)
    fleet.world.databases.close()
    assert steps(rollout) == [*BEGUN, "SQL", "settings", "app servers", *MADE, "tags"]


def test_each_app_server_has_steps_of_its_own(fleet: Fleet) -> None:
    fleet.make(openedx_appserver_count=2)
    assert steps(fleet.upgrade()) == [*ALL[:4], *MADE, *MADE, *ALL[-3:]]


def test_what_failed_and_each_attempt_are_told_apart(fleet: Fleet) -> None:
    fleet.make()
    fleet.fail_on(fleet.next_id())
    rollout = fleet.upgrade(rules=Rules(num_attempts=2))
    assert steps(rollout, state="failed", attempt=1) == ["provisioning"]
    assert steps(rollout, attempt=1) == ALL[:7]
    assert steps(rollout, attempt=2, state="done") == ["preparation", *ALL[2:]]


def test_what_was_interrupted_is_known(fleet: Fleet) -> None:
    fleet.make()
    run = MemoryRun(crash=Killed())
    fleet.world.provisioner.runs[f"appserver-{fleet.next_id()}"] = run

    def recover(_: object) -> None:
        if run.begun.is_set():
            run.crash = None

    fleet.before_each = recover
    rollout = fleet.upgrade()
    assert steps(rollout, state="interrupted") == ["provisioning"]
    assert steps(rollout, state="done") == [*ALL[:6], "preparation", *ALL[2:]]


def test_who_lost_the_instance_begins_no_step(fleet: Fleet) -> None:
    make = fleet.make()
    rollout = fleet.begin(fleet.plan())
    lease = make.lease
    Lease.objects.update(fence=lease.fence + 1)
    journal = Journal(rollout.upgrades.get(), lease, fleet.world.context())
    with pytest.raises(LostClaim), journal:
        journal.enter("SQL")
    assert steps(rollout) == []
