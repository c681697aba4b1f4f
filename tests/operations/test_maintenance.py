"""Maintenance pages of instances, on demand."""

import pytest

from ocim.core.actions import SyncBalancer
from ocim.core.errors import Conflict, ValidationError
from ocim.operations import balancing, maintenance
from ocim.operations.doctor.sites import check_answers
from ocim.store.models import LogEntry, OpenEdXInstance
from tests.world import World


def sync(world: World) -> None:
    for gap in balancing.gaps(context=world.context()):
        balancing.sync_and_wait(balancer_id=gap.balancer_id, context=world.context())


def notice(world: World, instance: OpenEdXInstance) -> str | None:
    """Return the notice of the site at the balancer; None if app servers serve it."""
    sync(world)
    site = world.balancer.site(instance.internal_lms_domain)
    assert site
    return None if site.upstreams else site.notice


def test_visitors_see_the_page_until_the_maintenance_ends(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    actions = maintenance.begin(instance.pk, message="Back at nine.")
    assert actions == [SyncBalancer(instance.load_balancing_server_id)]
    assert notice(world, instance) == "Back at nine."
    maintenance.end(instance.pk)
    assert notice(world, instance) is None


def test_without_a_message_there_is_a_default(world: World) -> None:
    instance = world.make_instance()
    maintenance.begin(instance.pk, message=" ")
    assert notice(world, instance) == maintenance.DEFAULT_MESSAGE


@pytest.mark.parametrize("message", ["x" * 501, "a\x00b"])
def test_a_message_that_cannot_be_shown_is_refused(world: World, message: str) -> None:
    instance = world.make_instance()
    with pytest.raises(ValidationError, match=r"^message: "):
        maintenance.begin(instance.pk, message=message)


def test_what_is_not_in_maintenance_is_told(world: World) -> None:
    with pytest.raises(Conflict, match="not in maintenance"):
        maintenance.end(world.make_instance().pk)


def test_app_servers_can_be_activated_meanwhile(world: World) -> None:
    instance = world.make_instance()
    maintenance.begin(instance.pk)
    appserver = world.spawn(instance, activate=True)
    assert appserver.is_active
    assert any("the instance is in maintenance" in entry.text for entry in LogEntry.objects.all())
    assert notice(world, instance) == maintenance.DEFAULT_MESSAGE


def test_the_doctor_reminds_of_it(world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    maintenance.begin(instance.pk)
    [finding] = check_answers(world.context())
    assert (finding.severity, finding.what) == ("warning", "visitors see its maintenance page.")
    assert f"instance maintenance {instance.pk} off" in finding.remedy
