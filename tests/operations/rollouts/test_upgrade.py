from datetime import timedelta

import pytest

from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core.actions import Action, WorkOn
from ocim.core.errors import TransientError
from ocim.core.jobs import ArchiveJob
from ocim.core.provisioning import ProvisionJob
from ocim.core.rollout import Rules
from ocim.core.windows import Window
from ocim.operations import instances, jobs
from ocim.operations.rollouts import control
from ocim.store.models import InstanceTag, Job, OpenEdXAppServer, OpenEdXInstance, Rollout
from tests.operations.rollouts.fleet import TAG, UPDATE, Fleet, active, of, states, tags
from tests.operations.test_activate import break_public

NEW = UPDATE["edx_platform_commit"]


def edit(fleet: Fleet, instance: OpenEdXInstance, **changes: object) -> None:
    context = fleet.world.context()
    instances.change(instance_id=instance.pk, changes=changes, context=context)


def commit(instance: OpenEdXInstance) -> str:
    instance.refresh_from_db()
    return instance.edx_platform_commit


def test_every_instance_gets_the_new_release_and_the_tag(fleet: Fleet) -> None:
    made = [fleet.make() for _ in range(3)]
    old = {item.pk: active(item) for item in made}
    rollout = fleet.upgrade()
    assert (rollout.state, states(rollout)) == ("ended", ["successful"] * 3)
    for item in made:
        assert commit(item) == NEW
        assert tags(item) == [TAG]
        [serving] = active(item)
        assert OpenEdXAppServer.objects.get(pk=serving).edx_platform_commit == NEW
        assert of(rollout, item).replaced == old[item.pk]
        assert of(rollout, item).appservers == [serving]


def test_an_update_is_not_needed(fleet: Fleet) -> None:
    make = fleet.make()
    old = active(make)
    assert states(fleet.upgrade(update={})) == ["successful"]
    assert active(make) != old


def test_what_failed_serves_on_with_its_old_settings(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old", name="Old")
    was = active(make)
    fleet.fail_on(fleet.next_id())
    rollout = fleet.upgrade(update={**UPDATE, "name": "New", "openedx_appserver_count": 2})
    assert states(rollout) == ["failed"]
    assert tags(make) == [f"{TAG}-failed"]
    make.refresh_from_db()
    assert (make.edx_platform_commit, make.name, make.openedx_appserver_count) == ("old", "Old", 1)
    assert active(make) == was
    upgrade = of(rollout, make)
    assert upgrade.failure.startswith("install: no such tag")
    assert upgrade.cause == "install: no such tag"
    assert upgrade.step == "provisioning"


def test_a_value_that_is_kept_in_another_form_is_put_back_too(fleet: Fleet) -> None:
    make = fleet.make()
    fleet.fail_on(fleet.next_id())
    fleet.upgrade(update={"external_lms_domain": "Learn.Example.ORG."})
    make.refresh_from_db()
    assert make.external_lms_domain == ""
    assert not make.domain_set.filter(name="learn.example.org").exists()


def test_what_fails_through_the_balancer_is_no_success(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    was = active(make)
    new = fleet.next_id()
    fleet.world.cloud.addresses_given[f"appserver-{new}"] = "10.9.9.9"
    break_public(fleet.world, OpenEdXAppServer(pk=new))
    rollout = fleet.upgrade()
    assert states(rollout) == ["failed"]
    assert active(make) == was
    assert commit(make) == "old"
    assert of(rollout, make).step == "public check"


def test_without_activation_the_old_ones_serve_on(fleet: Fleet) -> None:
    make = fleet.make()
    was = active(make)
    rollout = fleet.upgrade(activate=False)
    assert states(rollout) == ["successful"]
    assert active(make) == was
    [new] = OpenEdXAppServer.objects.filter(pk__in=of(rollout, make).appservers)
    assert (new.state, new.edx_platform_commit) == ("running", NEW)


def test_several_app_servers_come_together(fleet: Fleet) -> None:
    make = fleet.make(openedx_appserver_count=2)
    was = active(make)
    rollout = fleet.upgrade()
    assert len(was) == len(active(make)) == 2
    assert active(make) == of(rollout, make).appservers
    assert not set(was) & set(active(make))


def test_one_of_several_that_fails_is_a_failure(fleet: Fleet) -> None:
    make = fleet.make(openedx_appserver_count=2)
    was = active(make)
    fleet.fail_on(fleet.next_id() + 1)
    rollout = fleet.upgrade()
    assert states(rollout) == ["failed"]
    assert active(make) == was


def test_attempts_follow_one_another_at_intervals(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    new, begun = fleet.next_id(), fleet.world.clock()
    fleet.fail_on(new, new + 1)
    rollout = fleet.upgrade(rules=Rules(num_attempts=3))
    assert states(rollout) == ["successful"]
    assert of(rollout, make).attempts == 3
    assert fleet.world.clock() - begun >= timedelta(seconds=90)
    assert tags(make) == [TAG]
    assert active(make) == [new + 2]


def test_attempts_are_not_endless(fleet: Fleet) -> None:
    fleet.make()
    fleet.fail_on(*range(fleet.next_id(), fleet.next_id() + 5))
    rollout = fleet.upgrade(rules=Rules(num_attempts=2))
    assert states(rollout) == ["failed"]
    assert OpenEdXAppServer.objects.filter(state="failed").count() == 2


def test_what_was_edited_before_it_began_is_noticed(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    rollout = fleet.begin(fleet.plan(sql=["CREATE TABLE x (y)"]))
    edit(fleet, make, edx_platform_commit="mine")
    fleet.run(rollout)
    assert states(rollout) == ["failed"]
    assert "edx_platform_commit of Demo" in of(rollout, make).failure
    assert commit(make) == "mine"
    assert not of(rollout, make).sql_runs.exists()


def edit_meanwhile(fleet: Fleet, instance: OpenEdXInstance, **changes: object) -> None:
    """Let an operator change it while its new app server is provisioned."""
    provision = fleet.world.provisioner.provision

    def edited(job: ProvisionJob, **how: object) -> object:
        edit(fleet, instance, **changes)
        return provision(job, **how)  # type: ignore[arg-type]

    fleet.world.provisioner.provision = edited  # type: ignore[method-assign,assignment]


@pytest.mark.parametrize("fails", [True, False])
def test_what_somebody_edits_meanwhile_stays(fleet: Fleet, fails: bool) -> None:
    make = fleet.make(edx_platform_commit="old", name="Old")
    edit_meanwhile(fleet, make, email="new@example.com", name="Mine")
    if fails:
        fleet.fail_on(fleet.next_id())
    fleet.upgrade(update={**UPDATE, "name": "New"})
    make.refresh_from_db()
    assert (make.email, make.name) == ("new@example.com", "Mine")
    assert make.edx_platform_commit == ("old" if fails else NEW)


def test_a_name_that_somebody_took_meanwhile_does_not_keep_it_from_ending(fleet: Fleet) -> None:
    make = fleet.make(external_lms_domain="learn.example.org")
    other = fleet.make()
    edit_meanwhile(fleet, other, external_lms_domain="learn.example.org")
    fleet.fail_on(fleet.next_id())
    rollout = fleet.upgrade(
        filter={"id": make.pk}, update={"external_lms_domain": "new.example.org"}
    )
    assert states(rollout) == ["failed"]
    assert other.domain_set.filter(name="learn.example.org").exists()
    assert not Job.objects.filter(state__in=jobs.OPEN).exists()


def test_a_cancelled_job_ends_it(fleet: Fleet) -> None:
    fleet.make()
    rollout = fleet.begin(fleet.plan(), rules=Rules(num_attempts=3))

    def cancel(action: Action) -> None:
        if isinstance(action, WorkOn):
            jobs.cancel(job_id=Job.objects.get(kind="upgrade").pk)

    fleet.before_each = cancel
    fleet.run(rollout)
    assert states(rollout) == ["failed"]
    assert rollout.state == "ended"


def test_an_unforeseen_error_ends_it(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    crash = MemoryRun(crash=ZeroDivisionError())
    fleet.world.provisioner.runs[f"appserver-{fleet.next_id()}"] = crash
    rollout = fleet.upgrade()
    assert (rollout.state, states(rollout)) == ("ended", ["failed"])
    assert commit(make) == "old"


def test_a_host_that_cannot_be_had_ends_it(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")

    def refuse(*_: object) -> None:
        raise TransientError("The cloud is full.")

    fleet.world.provider.create = refuse  # type: ignore[method-assign,assignment]
    rollout = fleet.upgrade()
    assert states(rollout) == ["failed"]
    assert commit(make) == "old"


def test_what_is_archived_meanwhile_ends(fleet: Fleet) -> None:
    make = fleet.make()
    rollout = fleet.begin(fleet.plan())
    jobs.submit(target=make, payload=ArchiveJob(), queue="opencraft")
    fleet.run(rollout)
    assert (rollout.state, states(rollout)) == ("ended", ["failed"])
    assert "archived meanwhile" in of(rollout, make).failure
    assert active(make) == []


def test_what_is_deleted_meanwhile_ends(fleet: Fleet) -> None:
    made = [fleet.make() for _ in range(3)]
    rollout = fleet.begin(fleet.plan())

    def delete(action: Action) -> None:
        if isinstance(action, WorkOn) and not rollout.upgrades.filter(instance=None).exists():
            for item in (made[0], made[2]):
                OpenEdXAppServer.objects.filter(instance=item).delete()
                item.ref_set.delete()

    fleet.before_each = delete
    fleet.run(rollout)
    assert rollout.state == "ended"
    assert states(rollout) == ["failed", "successful", "cancelled"]


def test_the_tags_exclude_one_another(fleet: Fleet) -> None:
    make = fleet.make()
    fleet.fail_on(fleet.next_id())
    fleet.upgrade()
    assert tags(make) == [f"{TAG}-failed"]
    fleet.upgrade(retry_failed=True)
    assert tags(make) == [TAG]


def test_a_tag_may_have_a_dot_and_other_tags_stay(fleet: Fleet) -> None:
    make = fleet.make()
    make.tags.add(InstanceTag.objects.create(name="pilot"))
    fleet.upgrade(tag="juniper.2")
    assert tags(make) == ["juniper.2", "pilot"]


def test_what_waited_past_its_window_waits_for_the_next(fleet: Fleet) -> None:
    make = fleet.make()
    rollout = fleet.begin(fleet.plan(), rules=Rules(window=Window.of("11:00-13:00")))
    began: list[object] = []

    def be_late(action: Action) -> None:
        if isinstance(action, WorkOn):
            if not began:
                fleet.world.clock.forward(2 * 3600)
            began.append(fleet.world.clock())

    fleet.before_each = be_late
    fleet.run(rollout)
    upgrade = of(rollout, make)
    assert (upgrade.state, upgrade.attempts) == ("successful", 1)
    assert f"{upgrade.started_at:%d %H:%M}" == "05 11:00"


@pytest.mark.parametrize(
    "control_it, state", [(control.pause, "pending"), (control.abort, "cancelled")]
)
def test_what_no_worker_has_begun_yet_does_not_begin(
    fleet: Fleet, control_it: object, state: str
) -> None:
    fleet.make()
    rollout = fleet.begin(fleet.plan())
    begun = fleet.next_id()

    def stop(action: Action) -> None:
        if isinstance(action, WorkOn):
            control_it(Rollout.objects.get())  # type: ignore[operator]

    fleet.before_each = stop
    fleet.run(rollout)
    assert states(rollout) == [state]
    assert fleet.next_id() == begun
