"""Shells of services that calls share."""

import pytest

from ocim.core.instance import Service
from ocim.operations.shop import remote
from ocim.store.models import OpenEdXAppServer
from tests.world import World

SHOP = "SANDBOX_ENABLE_ECOMMERCE: yes\n"


@pytest.fixture
def appserver(world: World) -> OpenEdXAppServer:
    appserver = world.spawn(world.make_instance(configuration_extra_settings=SHOP))
    world.cloud.sessions.clear()
    return appserver


def look(appserver: OpenEdXAppServer, world: World) -> None:
    arguments: dict[str, object] = {"names": []}
    remote.call(appserver, Service.LMS, "lms.commerce", arguments, world.context())


def test_a_spawn_starts_one_shell_of_each_service_and_ends_it(world: World) -> None:
    instance = world.make_instance(configuration_extra_settings=SHOP)
    assert world.spawn(instance, activate=True).is_active
    assert len(world.cloud.sessions) == 2
    assert [session.is_open for session in world.cloud.sessions] == [False, False]


def test_a_shell_lasts_until_the_outermost_block_ends(
    world: World, appserver: OpenEdXAppServer
) -> None:
    with remote.shared_shells():
        with remote.shared_shells():
            look(appserver, world)
        look(appserver, world)
        [session] = world.cloud.sessions
        assert session.is_open
    assert not session.is_open


def test_without_a_block_each_call_has_a_shell_of_its_own(
    world: World, appserver: OpenEdXAppServer
) -> None:
    look(appserver, world)
    look(appserver, world)
    assert [session.is_open for session in world.cloud.sessions] == [False, False]


def test_a_shell_that_has_ended_is_started_again(world: World, appserver: OpenEdXAppServer) -> None:
    with remote.shared_shells():
        look(appserver, world)
        world.cloud.sessions[0].close()
        look(appserver, world)
    assert len(world.cloud.sessions) == 2
