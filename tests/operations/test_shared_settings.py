"""Settings that several instances share."""

import pytest
from django.db import connection

from ocim.core.access import FLEET, Access, Grant, Role
from ocim.core.errors import Conflict, ValidationError
from ocim.core.secrets import masked
from ocim.operations import audit, instance_edits, instances, shared_settings
from ocim.operations.effective import deserialize, effective_variables
from ocim.store.models import AuditEntry, OpenEdXInstance, SharedSettings
from tests.world import World

CAMPUS = "Campus"


def change(world: World, text: str, organization: str = FLEET, version: int | None = None) -> None:
    shared_settings.change(
        organization=organization, text=text, version=version, context=world.context()
    )


def value(world: World, instance: OpenEdXInstance, name: str) -> object:
    instance = OpenEdXInstance.objects.get(pk=instance.pk)
    return masked(effective_variables(instance, world.policy).values).get(name)


def test_settings_of_the_organization_come_before_those_of_the_fleet(world: World) -> None:
    campus, other = world.make_instance(organization=CAMPUS), world.make_instance()
    change(world, "SHARED: fleet\nEDXAPP_TIME_ZONE: UTC\n")
    change(world, "SHARED: campus\n", CAMPUS)
    assert [value(world, item, "SHARED") for item in (campus, other)] == ["campus", "fleet"]
    instances.change(
        instance_id=campus.pk,
        changes={"configuration_extra_settings": "SHARED: own"},
        context=world.context(),
    )
    assert value(world, campus, "SHARED") == "own"
    assert value(world, campus, "EDXAPP_TIME_ZONE") == "UTC"


def test_an_app_server_keeps_the_settings_that_it_was_created_with(world: World) -> None:
    instance = world.make_instance()
    change(world, "SHARED: old\n")
    appserver = world.spawn(instance)
    change(world, "SHARED: new\n")
    assert deserialize(appserver).values["SHARED"] == "old"
    assert value(world, instance, "SHARED") == "new"


def test_all_faults_are_told_with_their_lines_and_nothing_is_stored(world: World) -> None:
    text = "ansible_user: root\nSANDBOX_ENABLE_ECOMMERCE: true\nA b: 1\n"
    with pytest.raises(ValidationError) as refused:
        change(world, text)
    assert [fault.split(":")[0] for fault in refused.value.faults] == [
        f"shared_settings, line {line}, column 1" for line in (1, 2, 3)
    ]
    assert not SharedSettings.objects.exists()


def test_a_concurrent_change_is_noticed(world: World) -> None:
    change(world, "SHARED: 1\n", version=0)
    with pytest.raises(Conflict, match="Somebody else changed"):
        change(world, "SHARED: 2\n", version=0)
    change(world, "SHARED: 3\n", version=1)
    assert shared_settings.read(FLEET).version == 2


def test_an_organization_without_instances_has_no_settings(world: World) -> None:
    with pytest.raises(Conflict, match="No instance has the organization 'Campos'"):
        change(world, "SHARED: 1\n", "Campos")


def test_a_change_is_recorded_for_its_organization_without_secrets(world: World) -> None:
    world.make_instance(organization=CAMPUS)
    change(world, "EDXAPP_TIME_ZONE: UTC\nSMTP_PASSWORD: unspoken\n", CAMPUS)
    entry = AuditEntry.objects.get(action="settings.change")
    assert (entry.organization, entry.target_name) == (CAMPUS, CAMPUS)
    assert "EDXAPP_TIME_ZONE: UTC" in str(entry.after)
    assert "unspoken" not in str(entry.after)
    assert audit.UNSEEN not in str(entry.after)


def test_a_change_is_encrypted(world: World) -> None:
    change(world, "SMTP_PASSWORD: unspoken\n")
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM store_sharedsettings")
        assert "unspoken" not in str(cursor.fetchall())


def test_a_preview_counts_the_instances_and_shows_the_changes_of_one(world: World) -> None:
    first, second = world.make_instance(), world.make_instance(organization=CAMPUS)
    world.make_instance(configuration_extra_settings="SHARED: own")
    change(world, "SHARED: 1\n")
    effect = shared_settings.preview(
        organization=FLEET, text="SHARED: 2\n", instance_id=second.pk, context=world.context()
    )
    assert (effect.names, effect.affected, effect.total) == (("SHARED",), 2, 3)
    assert effect.instance == second
    assert [(item["old"], item["new"]) for item in effect.variables] == [(1, 2)]
    assert value(world, first, "SHARED") == 1
    change(world, "SHARED: campus\n", CAMPUS)
    effect = shared_settings.preview(organization=FLEET, text="", context=world.context())
    assert (effect.affected, effect.total) == (1, 3)


def test_a_preview_of_a_large_fleet_looks_at_some_instances_and_tells_the_total(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_settings, "SAMPLE", 2)
    for _ in range(5):
        world.make_instance(configuration_extra_settings="SHARED: own")
    effect = shared_settings.preview(
        organization=FLEET, text="SHARED: 2\n", context=world.context()
    )
    assert (effect.affected, effect.examined, effect.total) == (0, 2, 5)


def test_a_preview_is_for_instances_that_share_the_settings(world: World) -> None:
    world.make_instance(organization=CAMPUS)
    other = world.make_instance()
    with pytest.raises(Conflict, match="does not share"):
        shared_settings.preview(
            organization=CAMPUS, text="", instance_id=other.pk, context=world.context()
        )


def test_somebody_sees_the_settings_of_their_organizations(world: World) -> None:
    world.make_instance(organization=CAMPUS)
    world.make_instance(organization="Other")
    of_campus = Access(frozenset({Grant(Role.VIEWER, CAMPUS)}))
    assert shared_settings.visible(of_campus) == [CAMPUS]
    assert shared_settings.visible(Access(frozenset({Grant(Role.VIEWER)}))) == ["", CAMPUS, "Other"]


STORAGE = "EDXAPP_DEFAULT_FILE_STORAGE: storages.backends.s3boto.S3BotoStorage\n"
BUCKET = "EDXAPP_AWS_STORAGE_BUCKET_NAME: campus\n"


def own(world: World, instance: OpenEdXInstance, text: str) -> OpenEdXInstance:
    """Return the instance with these settings of its own."""
    changes = {"configuration_extra_settings": text}
    instances.change(instance_id=instance.pk, changes=changes, context=world.context())
    return OpenEdXInstance.objects.get(pk=instance.pk)


@pytest.mark.parametrize("shared, text", [(STORAGE, BUCKET), (BUCKET, STORAGE)])
@pytest.mark.parametrize("organization", [FLEET, CAMPUS])
def test_what_uploads_need_may_be_set_in_several_texts(
    world: World, shared: str, text: str, organization: str
) -> None:
    instance = world.make_instance(organization=CAMPUS)
    change(world, shared, organization)
    instance = own(world, instance, text)
    preview = instance_edits.preview(
        instance_id=instance.pk,
        changes={"configuration_extra_settings": f"{text}OTHER: 1\n"},
        context=world.context(),
    )
    assert preview.warnings == ()


def test_what_uploads_lack_is_told_where_object_storage_is_chosen(world: World) -> None:
    instance = world.make_instance(organization=CAMPUS)
    change(world, f"OTHER: 1\n{STORAGE}", CAMPUS)
    with pytest.raises(ValidationError) as refused:
        own(world, instance, "OTHER: 2\n")
    [fault] = refused.value.faults
    assert fault.startswith("shared_settings, line 2, column 1: EDXAPP_DEFAULT_FILE_STORAGE: ")


def test_templates_that_lead_back_through_another_text_are_refused(world: World) -> None:
    instance = world.make_instance()
    change(world, "HERS: '{{ MINE }}'\n")
    with pytest.raises(ValidationError, match="HERS → MINE → HERS has no end"):
        own(world, instance, "MINE: '{{ HERS }}'\n")


def test_a_preview_warns_of_what_the_chosen_instance_lacks_with_all_its_texts(
    world: World,
) -> None:
    def warnings(text: str) -> tuple[str, ...]:
        return shared_settings.preview(
            organization=FLEET, text=text, context=world.context()
        ).warnings

    [alone] = warnings(BUCKET)
    assert "no upload goes to the bucket campus" in alone
    instance = world.make_instance()
    change(world, BUCKET)
    own(world, instance, STORAGE)
    assert warnings(BUCKET) == ()
