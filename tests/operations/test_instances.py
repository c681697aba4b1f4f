import json
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from ocim.core.errors import Conflict, TransientError, ValidationError
from ocim.core.instance import Database
from ocim.core.jobs import RetainJob
from ocim.operations import instances, job_runner, jobs
from ocim.operations.handlers import HANDLERS
from ocim.operations.instances import preview_password
from ocim.store.models import (
    DatabaseServer,
    Domain,
    InstanceReference,
    InstanceTag,
    Job,
    Lease,
    LoadBalancingServer,
    OpenEdXInstance,
)
from ocim.store.models.instance import SERVICES
from tests.world import FIELDS, QUEUE, World

NAMES = [f"{kind}_{service}_domain" for kind in ("internal", "external") for service in SERVICES]


def faults_of(world: World, **fields: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        world.make_instance(**fields)
    return list(refused.value.faults)


def raw_row(instance: OpenEdXInstance) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM store_openedxinstance WHERE id = %s", [instance.pk])
        return dict(zip([item[0] for item in cursor.description], cursor.fetchone(), strict=True))


def test_names_that_were_not_given_are_derived_from_the_lms(world: World) -> None:
    instance = world.make_instance(internal_lms_domain="Campus.example.com.")
    assert instance.domains.all() == (
        "campus.example.com",
        "preview.campus.example.com",
        "studio.campus.example.com",
        "ecommerce.campus.example.com",
        "discovery.campus.example.com",
    )
    assert set(Domain.objects.values_list("name", flat=True)) == set(instance.domains.all())


def test_a_name_that_was_given_is_not_derived(world: World) -> None:
    instance = world.make_instance(internal_studio_domain="author.example.com")
    assert instance.domains.studio == "author.example.com"


@pytest.mark.parametrize("column", ["secret_seed", "jwt_private_key"])
def test_secrets_differ_between_instances_and_are_encrypted_at_rest(
    world: World, column: str
) -> None:
    item, other = world.make_instance(), world.make_instance()
    stored = OpenEdXInstance.objects.get(pk=item.pk)
    assert getattr(stored, column) == getattr(item, column) != getattr(other, column)
    assert raw_row(item)[column].startswith("gAAAA")
    assert getattr(item, column) not in raw_row(item)[column]


def test_preview_passwords_differ_between_instances(world: World) -> None:
    item, other = world.make_instance(), world.make_instance()
    assert preview_password(item) != preview_password(other)


def test_an_instance_has_the_id_of_its_reference(world: World) -> None:
    InstanceReference.objects.create()  # so that the two could differ
    instance, other = world.make_instance(), world.make_instance()
    assert instance.ref_set.pk == instance.pk
    result = OpenEdXInstance.objects.filter(ref_set__id__in=[instance.pk, other.pk])
    assert list(result.order_by("id")) == [instance, other]


def test_a_new_instance_goes_to_the_open_server_that_has_the_fewest(world: World) -> None:
    world.make_instance()
    empty = DatabaseServer.objects.create(name="empty", kind="sqlite", directory="/x")
    DatabaseServer.objects.create(name="closed", kind="sqlite", accepts_new_clients=False)
    assert world.make_instance().database_server == empty


def test_an_instance_is_refused_where_no_server_accepts_new_ones(world: World) -> None:
    LoadBalancingServer.objects.update(accepts_new_clients=False)
    with pytest.raises(Conflict, match="No load balancing server accepts new clients"):
        world.make_instance()


def test_all_faults_are_told_at_once(world: World) -> None:
    faults = faults_of(
        world,
        name="{{ lookup('env', 'HOME') }}",
        email="nobody",
        internal_lms_domain="localhost",
        time_zone="Mars",
        openedx_appserver_count=0,
        provider="cloud",
        organization="x" * 201,
        tags=["fine", " spaces "],
        configuration_extra_settings="a: 1\na: 2",
    )
    output = sorted({re.split("[:,]", fault)[0] for fault in faults})
    assert output == sorted([
        "name", "email", "internal_lms_domain", "time_zone", "openedx_appserver_count", "provider",
        "organization", "tags", "configuration_extra_settings",
    ])  # fmt: skip


def test_what_must_be_given_is_named(world: World) -> None:
    with pytest.raises(ValidationError) as refused:
        instances.create(fields={}, context=world.context())
    assert {fault.partition(":")[0] for fault in refused.value.faults} == {
        "internal_lms_domain",
        *FIELDS,
    } - {"configuration_version"}


def test_a_setting_that_no_instance_has_is_refused(world: World) -> None:
    assert faults_of(world, database_name="mine", colour="blue") == [
        "database_name: an instance has no such setting.",
        "colour: an instance has no such setting.",
    ]


@pytest.mark.parametrize(
    "text, place, word",
    [
        ("a: 1\nb: [1,", "line 3, column 1", ""),
        ("a: 1\nEDXAPP_X: \"{{ lookup('pipe', 'id') }}\"", "line 2, column", "lookup"),
    ],
)
def test_faults_in_extra_settings_say_line_and_column(
    world: World, text: str, place: str, word: str
) -> None:
    [fault] = faults_of(world, configuration_extra_settings=text)
    assert place in fault
    assert word in fault


@pytest.mark.parametrize("field", NAMES)
def test_a_name_of_another_instance_is_refused(world: World, field: str) -> None:
    present = world.make_instance(
        **{name: f"{name.replace('_', '-')}.example.org" for name in NAMES if "_lms_" in name},
        external_studio_domain="external-studio.example.org",
    )
    for taken in present.domains.all():
        fields = {"internal_lms_domain": "new.example.com", field: taken.upper()}
        assert any(
            fault == f"{field}: {taken} is a name of {present}."
            for fault in faults_of(world, **fields)
        )


def test_names_that_an_archived_instance_holds_are_told_once_with_what_to_do(world: World) -> None:
    gone = world.make_instance(internal_lms_domain="campus.example.com", partner_code="ACME")
    InstanceReference.objects.filter(pk=gone.pk).update(is_archived=True)
    remedy = (
        f"{gone}, which is archived. Choose another, take that instance back (ocim instance"
        f" unarchive {gone.pk}) or remove it for good (ocim instance delete {gone.pk})."
    )
    assert faults_of(
        world, internal_lms_domain="campus.example.com", partner_code="acme",
        internal_studio_domain="studio.campus.example.com",
    ) == [
        f"internal_lms_domain: campus.example.com is a name of {remedy}",
        f"internal_studio_domain: studio.campus.example.com is a name of {remedy}",
        f"partner_code: acme is that of {remedy}",
    ]  # fmt: skip


def test_a_currency_of_the_past_is_refused_where_it_is_new_and_no_hindrance_where_it_is_old(
    world: World,
) -> None:
    with pytest.raises(
        ValidationError, match=r"'HRK' is not legal tender on .* It was replaced by EUR"
    ):
        world.make_instance(currency="HRK")
    instance = world.make_instance()
    OpenEdXInstance.objects.update(currency="HRK")
    instance, _ = instances.change(
        instance_id=instance.pk, changes={"name": "New"}, context=world.context()
    )
    assert instances.as_changed(instance, {"name": "Newer"}, world.context())[0] == {
        "name": "Newer"
    }


def test_an_old_tag_with_a_comma_is_not_taken_apart(world: World) -> None:
    instance = world.make_instance()
    instance.tags.add(InstanceTag.objects.create(name="x,y"))

    def tags_after(names: list[str]) -> list[str]:
        instances.change(instance_id=instance.pk, changes={"tags": names}, context=world.context())
        return sorted(instance.tags.values_list("name", flat=True))

    assert tags_after(["a"]) == ["a", "x,y"]
    assert tags_after(["x", "y"]) == ["x", "x,y", "y"]
    assert tags_after([]) == []


@pytest.mark.parametrize("field", [name for name in NAMES if name != "internal_lms_domain"])
def test_two_services_of_an_instance_cannot_share_a_name(world: World, field: str) -> None:
    other = "studio.one.example.com" if "lms" in field else "one.example.com"
    fields = {"internal_lms_domain": "one.example.com", field: other}
    assert faults_of(world, **fields) == [f"{other}: two services have this name."]


def test_an_external_name_may_be_the_internal_one(world: World) -> None:
    instance = world.make_instance(
        internal_lms_domain="one.example.com", external_lms_domain="one.example.com"
    )
    assert "one.example.com" in instance.domains.all()


@pytest.mark.parametrize(
    "name", ["appserver-3.example.com", "a b.example.com", "\u017f.example.com"]
)
def test_a_name_that_cannot_be_served_is_refused(world: World, name: str) -> None:
    [fault] = faults_of(world, internal_lms_domain=name)
    assert fault.startswith("internal_lms_domain: ")


def test_nothing_is_left_of_an_instance_that_was_refused(world: World) -> None:
    world.make_instance(internal_lms_domain="taken.example.com", tags=["one"])
    faults_of(world, internal_lms_domain="taken.example.com", tags=["two"])
    faults_of(world, internal_lms_domain="none")
    assert OpenEdXInstance.objects.count() == InstanceReference.objects.count() == 1
    assert not InstanceTag.objects.filter(name="two").exists()


def test_a_new_instance_is_brought_to_the_balancer(world: World) -> None:
    before = LoadBalancingServer.objects.get().wanted
    world.make_instance()
    assert LoadBalancingServer.objects.get().wanted == before + 1


def test_a_change_leaves_alone_what_others_changed_meanwhile(world: World) -> None:
    instance = world.make_instance()

    class Providers(dict[str, Any]):
        def __contains__(self, name: object) -> bool:
            OpenEdXInstance.objects.update(flavor="large")  # while the change is being checked
            InstanceReference.objects.update(notes="Kept")
            return True

    context = world.context()
    providers = Providers(context.adapters.providers)
    context = replace(context, adapters=replace(context.adapters, providers=providers))
    instances.change(
        instance_id=instance.pk, changes={"name": "New", "organization": "Org"}, context=context
    )
    stored = OpenEdXInstance.objects.get()
    assert (stored.name, stored.flavor) == ("New", "large")
    assert (stored.ref_set.organization, stored.ref_set.notes) == ("Org", "Kept")


def test_a_change_that_is_refused_changes_nothing(world: World) -> None:
    instance = world.make_instance()
    with pytest.raises(ValidationError):
        instances.change(
            instance_id=instance.pk,
            changes={"name": "New", "email": "nobody", "notes": "x"},
            context=world.context(),
        )
    stored = OpenEdXInstance.objects.get()
    assert (stored.name, stored.ref_set.notes) == ("Demo", "")


def test_names_that_were_given_up_can_be_taken_by_another(world: World) -> None:
    instance = world.make_instance(internal_lms_domain="old.example.com")
    _, actions = instances.change(
        instance_id=instance.pk,
        changes={"internal_lms_domain": "new.example.com"},
        context=world.context(),
    )
    assert actions
    assert "studio.new.example.com" in Domain.objects.values_list("name", flat=True)
    world.make_instance(internal_lms_domain="old.example.com")


def test_what_the_balancer_does_not_see_does_not_trouble_it(world: World) -> None:
    instance = world.make_instance()
    _, actions = instances.change(
        instance_id=instance.pk, changes={"name": "New"}, context=world.context()
    )
    assert actions == []


def test_tags_are_set_as_a_whole(world: World) -> None:
    instance = world.make_instance(tags=["one", "two"])
    instances.change(
        instance_id=instance.pk, changes={"tags": ["two", "three"]}, context=world.context()
    )
    names = OpenEdXInstance.objects.get().tags.values_list("name", flat=True)
    assert set(names) == {"two", "three"}


def test_only_an_archived_instance_is_deleted(world: World) -> None:
    instance = world.make_instance()
    with pytest.raises(Conflict, match="is not archived"):
        instances.delete(instance_id=instance.pk, context=world.context())
    assert OpenEdXInstance.objects.exists()


def test_deleting_removes_instance_names_and_databases(world: World) -> None:
    instance = world.make_instance()
    appserver = world.spawn(instance)
    world.do("archive", appserver)
    instances.delete(instance_id=instance.pk, context=world.context())
    assert not InstanceReference.objects.exists()
    assert not OpenEdXInstance.objects.exists()
    assert not Lease.objects.filter(pk=instance.lease_id).exists()
    assert not Domain.objects.exists()
    assert world.databases.sizes == {}


def test_an_instance_that_somebody_works_on_is_not_deleted(world: World) -> None:
    instance = world.make_instance()
    InstanceReference.objects.update(is_archived=True)

    class Slow(type(world.databases)):  # type: ignore[misc]
        def drop(self, database: Database) -> None:
            with pytest.raises(Conflict, match="is busy with another job"):
                instances.delete(instance_id=instance.pk, context=world.context("other"))

    world.databases = Slow()
    instances.delete(instance_id=instance.pk, context=world.context())


@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_takes_longer_than_a_lease_keeps_it() -> None:
    world = World()
    world.policy = replace(world.policy, lease=0.6)
    instance = world.make_instance()
    InstanceReference.objects.update(is_archived=True)
    context = replace(world.context(), now=timezone.now)
    job = jobs.submit(target=instance, payload=RetainJob(), queue=QUEUE)

    class Slow(type(world.databases)):  # type: ignore[misc]
        def drop(self, database: Database) -> None:
            time.sleep(2 * world.policy.lease)
            another = replace(context, worker="another")
            job_runner.run_pending_jobs(
                lease_id=instance.lease_id, queue=QUEUE, handlers=HANDLERS, context=another
            )
            assert Job.objects.get(pk=job.pk).state == "waiting"

    context = replace(context, adapters=replace(context.adapters, databases={"sqlite": Slow()}))
    instances.delete(instance_id=instance.pk, context=context)
    assert not OpenEdXInstance.objects.exists()
    assert not Lease.objects.filter(pk=instance.lease_id).exists()


def test_a_deletion_that_failed_can_be_tried_again_at_once(world: World) -> None:
    instance = world.make_instance()
    InstanceReference.objects.update(is_archived=True)

    class Down(type(world.databases)):  # type: ignore[misc]
        def drop(self, database: Database) -> None:
            raise TransientError("The database server is down.")

    present, world.databases = world.databases, Down()
    with pytest.raises(TransientError):
        instances.delete(instance_id=instance.pk, context=world.context())
    world.databases = present
    instances.delete(instance_id=instance.pk, context=world.context())
    assert not OpenEdXInstance.objects.exists()
    assert not Lease.objects.filter(pk=instance.lease_id).exists()


def test_an_unarchived_instance_is_on_the_balancer_again(world: World) -> None:
    instance = world.make_instance()
    InstanceReference.objects.update(is_archived=True)
    assert instances.unarchive(instance_id=instance.pk)
    assert not InstanceReference.objects.get().is_archived


def test_keys_for_tokens_are_valid_and_its_own(world: World) -> None:
    item, other = world.make_instance(), world.make_instance()
    [public] = json.loads(item.jwt_public_keys)["keys"]
    assert json.loads(item.jwt_private_key)["n"] == public["n"]
    assert item.jwt_public_keys != other.jwt_public_keys


WRONG = {
    "configuration_source_repo_url": "edx/configuration",
    "configuration_version": "juniper.2 ",
    "configuration_playbook_name": "../x.yml",
    "edx_platform_repository_url": "ext::sh -c id",
    "edx_platform_commit": "a..b",
    "openedx_release": "x^{commit}",
    "flavor": "huge",
    "name": "Campus ",
}


def test_all_that_a_later_check_knows_is_refused_at_once_when_saved(world: World) -> None:
    faults = faults_of(world, **WRONG)
    assert {fault.partition(":")[0] for fault in faults} == set(WRONG)
    for name, value in WRONG.items():
        assert any(fault.startswith(f"{name}: ") and value in fault for fault in faults), name


@pytest.mark.parametrize("name", WRONG)
def test_a_change_to_a_wrong_value_is_refused_with_the_value(world: World, name: str) -> None:
    instance = world.make_instance()
    with pytest.raises(ValidationError) as refused:
        instances.change(
            instance_id=instance.pk, changes={name: WRONG[name]}, context=world.context()
        )
    [fault] = refused.value.faults
    assert fault.startswith(f"{name}: ")
    assert WRONG[name] in fault


NAMED = {"\u00a0": "It holds a no-break space (U+00A0)", "\t": "It holds a tab (U+0009)"}


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\t"])
@pytest.mark.parametrize(
    "name",
    ["name", "organization", "email", "internal_lms_domain", "external_lms_domain", "currency",
     "partner_code", "time_zone", "flavor", "openedx_release"],
)  # fmt: skip
def test_blanks_around_a_value_are_refused_and_shown(world: World, name: str, blank: str) -> None:
    right = {"currency": "GBP", "flavor": "small", "time_zone": "UTC", "email": "a@example.com"}
    value = right.get(name, "a.example.com")[: 8 if name == "partner_code" else None] + blank
    faults = [fault for fault in faults_of(world, **{name: value}) if fault.startswith(name)]
    assert faults
    assert name == "email" or any(
        repr(value) in fault or NAMED.get(blank, repr(value)) in fault for fault in faults
    ), faults
