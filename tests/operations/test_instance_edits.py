"""Edits of an instance: their preview, and other edits meanwhile."""

from typing import Any

import pytest

from ocim.core.errors import ValidationError
from ocim.operations import instances
from ocim.operations.instance_edits import Preview, preview
from ocim.operations.instance_versions import FIELDS, Outdated, version_of, was_kept
from ocim.presentation.instance_fields import LABELS, addresses, help_of
from ocim.store.models import OpenEdXInstance, SearchServer
from tests.world import World


def previewed(world: World, instance: OpenEdXInstance, **changes: Any) -> Preview:
    return preview(instance_id=instance.pk, changes=changes, context=world.context())


def test_a_preview_tells_the_variables_that_change_and_stores_nothing(world: World) -> None:
    instance = world.make_instance()
    effect = previewed(world, instance, name="New name", tags=["new"])
    assert {"New name"} == {change["new"] for change in effect.variables}
    instance.refresh_from_db()
    assert (instance.name, instance.tags.count()) == ("Demo", 0)


def test_a_preview_shows_no_secret(world: World) -> None:
    effect = previewed(
        world, world.make_instance(), configuration_extra_settings="SHOP_PASSWORD: secret-word"
    )
    assert [(change["path"], change["new"]) for change in effect.variables] == [
        (["SHOP_PASSWORD"], "********")
    ]


def test_a_preview_has_all_that_the_change_itself_brings(world: World) -> None:
    SearchServer.objects.create(name="search", kind="elasticsearch", host="127.0.0.1", port=9200)
    instance = world.make_instance()
    effect = previewed(
        world, instance, configuration_extra_settings="SANDBOX_ENABLE_DISCOVERY: true"
    )
    assert any("elastic" in str(change).lower() for change in effect.variables)
    instance.refresh_from_db()
    assert instance.search_server is None


def test_a_preview_has_the_same_faults_as_the_change(world: World) -> None:
    with pytest.raises(ValidationError, match="Mars") as refused:
        previewed(world, world.make_instance(), time_zone="Mars", email="nobody")
    assert len(refused.value.faults) == 2


def test_settings_that_are_wrong_today_can_be_mended(world: World) -> None:
    instance = world.make_instance()
    OpenEdXInstance.objects.update(configuration_extra_settings="a: 1\na: 2")
    assert previewed(world, instance, configuration_extra_settings="").variables


def test_a_change_for_settings_that_somebody_changed_is_refused(world: World) -> None:
    instance = world.make_instance()
    version = version_of(instance)
    instances.change(
        instance_id=instance.pk, changes={"name": "Theirs", "tags": ["x"]}, context=world.context()
    )
    with pytest.raises(Outdated, match="name, tags") as refused:
        instances.change(
            instance_id=instance.pk,
            changes={"email": "mine@example.com"},
            context=world.context(),
            version=version,
        )
    assert refused.value.fields == ("name", "tags")
    assert was_kept(instance, "name", "Demo", version)
    assert not was_kept(instance, "name", "Mine", version)


def test_a_change_for_the_present_settings_is_stored(world: World) -> None:
    instance = world.make_instance()
    changed, _ = instances.change(
        instance_id=instance.pk,
        changes={"name": "Mine"},
        context=world.context(),
        version=version_of(instance),
    )
    assert changed.name == "Mine"


def test_a_version_tells_nothing_of_secrets_to_who_compares_instances(world: World) -> None:
    same = {"configuration_extra_settings": "SHOP_PASSWORD: secret-word", "name": "Same"}
    first = world.make_instance(**same, internal_lms_domain="one.example.com")
    second = world.make_instance(**same, internal_lms_domain="two.example.com")
    assert version_of(first)[:8] != version_of(second)[:8]


def test_every_setting_has_a_label_and_a_help_text() -> None:
    assert sorted(LABELS) == sorted(FIELDS)
    assert all(map(help_of, FIELDS))


def test_addresses_follow_from_the_domain() -> None:
    assert addresses("Campus.Example.com.")["Studio"] == "studio.campus.example.com"
