from typing import Any

import pytest

from ocim.core.errors import ValidationError
from ocim.store.models import InstanceReference, InstanceTag, OpenEdXInstance
from tests.operations.rollouts.fleet import TAG, Fleet


def ids(fleet: Fleet, **options: Any) -> list[int]:
    return [item.instance_id for item in fleet.plan(**options).items]


def left_out(fleet: Fleet, **options: Any) -> list[str]:
    return [reason for _, reason in fleet.plan(**options).left_out]


def tag(instance: OpenEdXInstance, *names: str) -> None:
    for name in names:
        instance.tags.add(InstanceTag.objects.get_or_create(name=name)[0])


def test_without_a_filter_all_are_selected_by_id(fleet: Fleet) -> None:
    made = [fleet.make(name=name).pk for name in ("C", "A", "B")]
    assert ids(fleet) == made == sorted(made)


def test_archived_ones_are_never_selected_nor_mentioned(fleet: Fleet) -> None:
    archived = fleet.make()
    InstanceReference.objects.filter(pk=archived.pk).update(is_archived=True)
    plan = fleet.plan(filter={"ref_set__is_archived": True})
    assert (plan.items, plan.left_out) == ((), ())


def test_what_was_never_provisioned_is_left_out_with_the_reason(fleet: Fleet) -> None:
    fleet.world.make_instance()
    assert ids(fleet) == []
    assert left_out(fleet) == ["it has never had a working app server"]


def test_what_has_the_tag_is_left_out(fleet: Fleet) -> None:
    tag(fleet.make(), TAG)
    assert ids(fleet) == ids(fleet, retry_failed=True) == []
    assert left_out(fleet) == ["it already has the tag lilac"]


def test_what_failed_is_left_out_unless_it_is_to_be_tried_again(fleet: Fleet) -> None:
    failed = fleet.make()
    tag(failed, f"{TAG}-failed")
    assert ids(fleet) == []
    assert left_out(fleet) == ["it has the tag lilac-failed; --retry-failed includes it"]
    assert ids(fleet, retry_failed=True) == [failed.pk]


def test_a_filter_over_tags_selects_nothing_twice(fleet: Fleet) -> None:
    make = fleet.make()
    tag(make, "pilot", "pilot-2")
    assert ids(fleet, filter={"tags__name__startswith": "pilot"}) == [make.pk]


@pytest.mark.parametrize("lookup", ["ref_set__id__in", "id__in", "pk__in", "ref_set_id__in"])
def test_instances_are_selected_by_id(fleet: Fleet, lookup: str) -> None:
    item, other = fleet.make(), fleet.make()
    assert ids(fleet, filter={lookup: [item.pk]}) == [item.pk]
    assert ids(fleet, exclude={lookup: [item.pk]}) == [other.pk]


def test_several_lookups_have_all_to_fit(fleet: Fleet) -> None:
    item, other = fleet.make(name="A"), fleet.make(name="A", email="it@example.org")
    both = {"name": "A", "email": "it@example.org"}
    assert ids(fleet, filter=both) == [other.pk]
    assert ids(fleet, exclude=both) == [item.pk]


@pytest.mark.parametrize(
    "lookup, said",
    [
        ("edx_platform_comit", "--filter: unknown field 'edx_platform_comit'. "
         "Did you mean 'edx_platform_commit'?"),
        ("ref_set__organisation", "Did you mean 'organization'?"),
        ("name__contians", "Did you mean 'contains'?"),
        ("tagz__name", "Did you mean 'tags'?"),
        ("_connector", "--filter: unknown field '_connector'."),
        ("id__in__whatever", "unknown lookup 'id__in__whatever'. "
         "Nothing may follow __in."),
        ("id__contains", "After id, write one of exact, gt, gte, in, isnull, lt, lte, range."),
    ],
)  # fmt: skip
def test_an_unknown_lookup_is_refused_with_the_nearest(
    fleet: Fleet, lookup: str, said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        fleet.plan(filter={lookup: 1})
    assert said in refused.value.faults[0]


@pytest.mark.parametrize(
    "lookups",
    [{"id": "first"}, {"id__in": 5}, {"id__in": "abc"}, {"name__regex": "("}, {"ref_set": "x"}],
)
def test_a_value_that_does_not_fit_is_refused(fleet: Fleet, lookups: dict[str, Any]) -> None:
    fleet.make()
    with pytest.raises(ValidationError, match="does not fit"):
        fleet.plan(filter=lookups)


def test_all_faults_are_told_at_once(fleet: Fleet) -> None:
    with pytest.raises(ValidationError) as refused:
        fleet.plan(filter={"nmae": 1, "id": "x"}, exclude={"emial": 1})
    assert [fault.split(":")[0] for fault in refused.value.faults] == [
        "--filter", "--filter", "--exclude",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "lookup",
    ["configuration_extra_settings", "configuration_extra_settings__contains", "secret_seed",
     "ref_set__notes__icontains", "database_server__admin_password"],
)  # fmt: skip
def test_no_filter_asks_for_what_is_encrypted(fleet: Fleet, lookup: str) -> None:
    with pytest.raises(ValidationError, match="is encrypted in the database"):
        fleet.plan(exclude={lookup: "x"})


def test_an_address_is_selected_by_all_but_its_account(fleet: Fleet) -> None:
    make = fleet.make(configuration_source_repo_url="https://me:hush@git.example.com/x")
    assert ids(fleet, filter={"configuration_source_repo_url__endswith": "com/x"}) == [make.pk]
