from typing import Any

import pytest

from ocim.core.errors import Conflict
from ocim.operations.rollouts import undo
from ocim.store.models import Job, OpenEdXAppServer
from tests.operations.rollouts.fleet import TAG, UPDATE, Fleet, active, states, tags
from tests.world import Killed


def test_the_old_app_servers_serve_again_with_the_old_settings(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    was = active(make)
    rollout = fleet.upgrade()
    fleet.run(rollout, actions=undo.request(rollout))
    make.refresh_from_db()
    assert (states(rollout), active(make), tags(make)) == (["undone"], was, [])
    assert make.edx_platform_commit == "old"


def test_what_was_not_activated_gets_its_settings_back(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    was = active(make)
    rollout = fleet.upgrade(activate=False)
    fleet.run(rollout, actions=undo.request(rollout))
    make.refresh_from_db()
    assert (states(rollout), active(make), make.edx_platform_commit) == (["undone"], was, "old")


def test_what_was_edited_since_stays(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    rollout = fleet.upgrade()
    type(make).objects.update(edx_platform_commit="mine")
    fleet.run(rollout, actions=undo.request(rollout))
    make.refresh_from_db()
    assert make.edx_platform_commit == "mine"


def test_what_cannot_be_undone_is_named_with_the_reason(fleet: Fleet) -> None:
    gone, other, fine = fleet.make(), fleet.make(), fleet.make()
    rollout = fleet.upgrade()
    [old] = OpenEdXAppServer.objects.filter(instance=gone, is_active=False)
    fleet.world.clock.forward(60)
    fleet.world.do("terminate", old)
    fleet.world.spawn(other, activate=True)
    possible, impossible = undo.undoable(rollout)
    assert [upgrade.instance_id for upgrade in possible] == [fine.pk]
    assert [(upgrade.instance_id, reason) for upgrade, reason in impossible] == [
        (gone.pk, "the replaced app servers no longer run"),
        (other.pk, "app servers that are not of this rollout serve it now"),
    ]


def test_an_old_one_that_is_ill_does_not_come_back(fleet: Fleet) -> None:
    make = fleet.make()
    [old] = OpenEdXAppServer.objects.filter(instance=make)
    rollout = fleet.upgrade()
    serving = active(make)
    fleet.world.break_host(old)
    fleet.run(rollout, actions=undo.request(rollout))
    make.refresh_from_db()
    assert (states(rollout), active(make), tags(make)) == (["successful"], serving, [TAG])
    assert make.edx_platform_commit == UPDATE["edx_platform_commit"]
    assert Job.objects.get(kind="undo").state == "failed"


def test_a_death_after_the_swing_does_no_harm(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    was = active(make)
    rollout = fleet.upgrade()
    reply, alive = fleet.world.prober.reply, [True]

    def deadly(probe: Any) -> Any:
        if alive and active(make) == was:
            alive.pop()
            raise Killed
        return reply(probe)

    fleet.world.prober.reply = deadly
    fleet.run(rollout, actions=undo.request(rollout))
    make.refresh_from_db()
    assert (states(rollout), active(make), make.edx_platform_commit) == (["undone"], was, "old")


def test_what_runs_is_not_undone(fleet: Fleet) -> None:
    fleet.make()
    with pytest.raises(Conflict, match="it is running"):
        undo.request(fleet.begin(fleet.plan()))


def test_nothing_is_undone_twice(fleet: Fleet) -> None:
    fleet.make()
    rollout = fleet.upgrade()
    fleet.run(rollout, actions=[*undo.request(rollout), *undo.request(rollout)])
    assert states(rollout) == ["undone"]
    with pytest.raises(Conflict, match="can be undone"):
        undo.request(rollout)
