from dataclasses import replace
from typing import Any

import pytest

from ocim.adapters.memory.provisioners import MemoryRun
from ocim.core.errors import Conflict
from ocim.core.hosts import HostRequest
from ocim.core.provisioning import Part
from ocim.operations import images
from ocim.store.models import OpenEdXAppServer, OpenEdXInstance
from tests.world import Killed, World

SHOP = "SANDBOX_ENABLE_ECOMMERCE: true"


def never() -> bool:
    return False


def build(world: World, instance: OpenEdXInstance) -> str:
    """Build the image for the instance; its name."""
    image = images.of_instance(instance, world.context())
    images.ensure(image, on_event=lambda _: None, is_cancelled=never, context=world.context())
    world.provisioner.jobs.clear()
    return image.name


def parts(world: World) -> list[Part]:
    return [job.part for job in world.provisioner.jobs]


@pytest.fixture
def building(world: World) -> World:
    """Return a world whose spawns build missing images."""
    world.policy = replace(world.policy, build_images=True)
    return world


def test_an_image_that_is_there_is_used_and_the_app_server_says_so(world: World) -> None:
    instance = world.make_instance()
    name = build(world, instance)
    appserver = world.spawn(instance)
    assert (appserver.state, appserver.image) == ("running", name)
    assert world.cloud.requests[f"appserver-{appserver.pk}"].image == name
    assert parts(world) == [Part.INSTANCE]


def test_instances_that_differ_in_what_is_their_own_share_an_image(world: World) -> None:
    name = build(world, world.make_instance())
    assert world.spawn(world.make_instance()).image == name


def test_without_an_image_the_whole_is_provisioned(world: World) -> None:
    appserver = world.spawn(world.make_instance())
    assert (appserver.state, appserver.image) == ("running", "")
    assert parts(world) == [Part.WHOLE]


def test_a_spawn_builds_what_is_missing_once(building: World) -> None:
    instance = building.make_instance()
    first, second = building.spawn(instance), building.spawn(instance)
    assert parts(building) == [Part.IMAGE, Part.INSTANCE, Part.INSTANCE]
    assert first.image == second.image != ""
    assert building.provider.list() == [f"appserver-{item.pk}" for item in (first, second)]


def test_what_is_built_is_in_the_log_of_who_wanted_it(building: World) -> None:
    appserver = building.spawn(building.make_instance())
    lines = [line.text for line in appserver.log_entries.order_by("id")]
    assert lines[1:5] == [
        f"Image {appserver.image} is built first.",
        "changed: install what all share",
        f"Using image {appserver.image}.",
        "Asking local for a host.",
    ]


def test_an_image_that_cannot_be_built_fails_the_app_server_with_the_reason(
    building: World,
) -> None:
    building.provisioner.image_runs = MemoryRun(("unpack",), fails_with="no space left")
    appserver = building.spawn(building.make_instance())
    assert (appserver.state, appserver.failure) == ("failed", "unpack: no space left")
    assert building.provider.list() == []


@pytest.mark.parametrize(
    "change",
    [
        {"openedx_release": "open-release/koa.1", "configuration_version": "same"},
        {"configuration_version": "other"},
        {"configuration_playbook_name": "other.yml"},
        {"configuration_source_repo_url": "https://git.example.com/other.git"},
        {"configuration_extra_settings": SHOP},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_input_of_the_instance_uses_no_image_of_before(
    world: World, change: dict[str, Any]
) -> None:
    instance = world.make_instance(configuration_version="same")
    build(world, instance)
    OpenEdXInstance.objects.filter(pk=instance.pk).update(**change)
    instance.refresh_from_db()
    assert world.spawn(instance).image == ""


def test_a_branch_that_has_moved_uses_no_image_of_before(world: World) -> None:
    instance = world.make_instance(configuration_version="master")
    world.provisioner.commits["master"] = "5e1f"
    build(world, instance)
    world.provisioner.commits["master"] = "6a2b"
    assert world.spawn(instance).image == ""


def test_another_base_uses_no_image_of_before(world: World) -> None:
    instance = world.make_instance()
    build(world, instance)
    world.cloud.base = "another Debian"
    assert world.spawn(instance).image == ""


def test_the_commit_that_runs_is_kept_with_the_app_server(world: World) -> None:
    world.provisioner.commits["master"] = "5e1f"
    appserver = world.spawn(world.make_instance(configuration_version="master"))
    assert (appserver.configuration_version, appserver.configuration_commit) == ("master", "5e1f")


def test_where_hosts_are_made_from_no_image_all_is_provisioned(building: World) -> None:
    building.provider.images = None
    instance = building.make_instance()
    assert building.spawn(instance).state == "running"
    assert parts(building) == [Part.WHOLE]
    with pytest.raises(Conflict, match="Hosts of kind local are not made from images"):
        images.of_instance(instance, building.context())


def test_a_configuration_that_has_no_image_part_is_provisioned_as_a_whole(building: World) -> None:
    building.provisioner.without_images = {"old.yml"}
    instance = building.make_instance(configuration_playbook_name="old.yml")
    appserver = building.spawn(instance)
    assert parts(building) == [Part.WHOLE]
    output = appserver.log_entries.get(level="debug").text
    assert output == "There are no images for old.yml."


def test_a_host_of_an_interrupted_attempt_without_the_image_gets_the_whole(world: World) -> None:
    instance = world.make_instance()
    [appserver], _ = world.request_spawn(instance)
    name = f"appserver-{appserver.pk}"
    world.provisioner.runs[name] = MemoryRun(crash=Killed())
    world.die(instance)
    world.provisioner.runs.clear()
    build(world, instance)
    world.clock.forward(60)
    world.work(instance, worker="worker-2")
    appserver = OpenEdXAppServer.objects.get(pk=appserver.pk)
    assert (appserver.state, appserver.image) == ("running", "")
    assert parts(world) == [Part.WHOLE]


def test_pruning_takes_what_no_host_needs_but_for_the_newest(world: World) -> None:
    old, used, new = (
        build(world, world.make_instance(configuration_version=version))
        for version in ("old", "used", "new")
    )
    world.provider.create(HostRequest("one", image=used))
    gone = images.prune(keep=1, context=world.context())
    assert [item.name for item in gone] == [old]
    assert {item.name for item in images.listed(world.context())} == {used, new}
