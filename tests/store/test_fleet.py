"""Instances by a filter; `selectors.status_of` and the query conditions must agree."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.utils import timezone

from ocim.core.errors import ValidationError
from ocim.core.fleet_filter import ORDERS, FleetFilter, Health
from ocim.core.instance import Service
from ocim.core.states import AppServerState, InstanceState
from ocim.operations import instances
from ocim.store import fleet, selectors
from ocim.store.models import InstanceReference, OpenEdXInstance
from ocim.wiring import context
from tests.web.fleet import make_appserver, make_instance

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def names(chosen: FleetFilter, now: datetime = NOW) -> list[str]:
    selected = fleet.filtered(OpenEdXInstance.objects.order_by("name"), chosen, now=now)
    return list(selected.values_list("name", flat=True))


@pytest.fixture
def three(db: None) -> None:
    """Create three instances, each with other fields."""
    make_instance("A", organization="Acme", tags=["old", "big"])
    make_instance(
        "B", openedx_release="open-release/ironwood.2", organization="Acme", tags=["old"],
        configuration_extra_settings="SANDBOX_ENABLE_DISCOVERY: true\n",
    )  # fmt: skip
    make_instance("C", provider="nspawn", external_lms_domain="learn.example.com")
    OpenEdXInstance.objects.filter(name="C").update(provisioner="tutor")
    OpenEdXInstance.objects.filter(name="C").update(maintenance="Back soon.")


@pytest.mark.parametrize(
    "chosen, expected",
    [
        (FleetFilter(), "ABC"),
        (FleetFilter(release=("open-release/ironwood.2",)), "B"),
        (FleetFilter(tag=("old",)), "AB"),
        (FleetFilter(tag=("old", "big")), "AB"),
        (FleetFilter(tag=("none",)), ""),
        (FleetFilter(service=(Service.DISCOVERY,)), "B"),
        (FleetFilter(service=(Service.ECOMMERCE,)), ""),
        (FleetFilter(provider=("nspawn",)), "C"),
        (FleetFilter(provisioner=("tutor",)), "C"),
        (FleetFilter(organization=("Acme",)), "AB"),
        (FleetFilter(organization=("Acme",), tag=("big",)), "A"),
        (FleetFilter(q="LEARN"), "C"),
        (FleetFilter(q="acme b.localhost"), "B"),
        (FleetFilter(q="100%"), ""),
        (FleetFilter(health=(Health.DEGRADED,)), ""),
        (FleetFilter(maintenance=True), "C"),
        (FleetFilter(maintenance=False), "AB"),
    ],
)
def test_each_field_selects(three: None, chosen: FleetFilter, expected: str) -> None:
    assert names(chosen) == list(expected)


def test_a_number_finds_the_id(three: None) -> None:
    pk = OpenEdXInstance.objects.get(name="B").pk
    assert names(FleetFilter(q=str(pk))) == ["B"]
    assert names(FleetFilter(id=(pk, 10**17))) == ["B"]


def test_services_follow_the_settings(three: None) -> None:
    of_b = OpenEdXInstance.objects.get(name="B")
    instances.change(
        instance_id=of_b.pk,
        changes={"configuration_extra_settings": "SANDBOX_ENABLE_DISCOVERY: false\n"},
        context=context(),
    )
    assert names(FleetFilter(service=(Service.DISCOVERY,))) == []


def make_every_state() -> None:
    """Create an instance for each way in which app servers can be."""
    states = [*AppServerState, "active", "unhealthy"]
    for first, last, is_archived in product(states, states, (False, True)):
        instance = make_instance(f"{first} {last} {is_archived}")
        InstanceReference.objects.filter(pk=instance.pk).update(is_archived=is_archived)
        for state in (first, last):
            is_active = state in ("active", "unhealthy")
            make_appserver(
                instance,
                AppServerState.RUNNING if is_active else state,
                is_active=is_active,
                unhealthy_since=timezone.now() if state == "unhealthy" else None,
            )


@pytest.mark.django_db
def test_conditions_and_counts_agree_with_the_state_of_each_instance() -> None:
    make_every_state()
    states = {item.name: selectors.status_of(item) for item in selectors.instances(archived=True)}
    for state in InstanceState:
        expected = sorted(name for name, its in states.items() if its == state)
        assert names(FleetFilter(state=(state,))) == expected
        if state != InstanceState.ARCHIVED:
            assert fleet.counts(OpenEdXInstance.objects.all())[state] == len(expected)
    degraded = names(FleetFilter(health=(Health.DEGRADED,)))
    assert degraded == sorted(name for name in states if "unhealthy" in name and "False" in name)
    assert fleet.counts(OpenEdXInstance.objects.all())["degraded"] == len(degraded)
    served = names(FleetFilter(state=(InstanceState.ON_THE_WEB, InstanceState.UPGRADING)))
    assert sorted(degraded + names(FleetFilter(health=(Health.HEALTHY,)))) == served


@pytest.mark.parametrize(
    "fields, is_held",
    [
        ({"hold_reason": ""}, False),
        ({"hold_reason": "exams"}, True),
        ({"hold_reason": "exams", "held_from": "2026-06-01"}, True),
        ({"hold_reason": "exams", "held_until": "2026-05-04"}, True),
        ({"hold_reason": "exams", "held_until": "2026-05-03"}, False),
    ],
)
@pytest.mark.django_db
def test_holds_select_as_the_hold_itself_says(fields: dict[str, str], is_held: bool) -> None:
    instance = make_instance("A")
    InstanceReference.objects.filter(pk=instance.pk).update(**fields)
    hold = OpenEdXInstance.objects.select_related("ref_set").get().hold
    assert bool(hold.coming_or_on(NOW)) is is_held
    assert names(FleetFilter(held=True)) == ["A"] * is_held
    assert names(FleetFilter(held=False)) == ["A"] * (not is_held)


@pytest.mark.django_db
def test_a_hold_ends_with_the_day_of_the_instance() -> None:
    instance = make_instance("A", time_zone="Pacific/Auckland")
    InstanceReference.objects.filter(pk=instance.pk).update(
        hold_reason="exams", held_until="2026-05-04"
    )
    assert names(FleetFilter(held=True), NOW - timedelta(hours=1)) == ["A"]
    assert names(FleetFilter(held=True), NOW + timedelta(hours=1)) == []


@pytest.mark.parametrize("sort", [f"{dash}{order}" for order in ORDERS for dash in ("", "-")])
@pytest.mark.django_db
def test_pages_have_every_instance_once_there_and_back(sort: str) -> None:
    for number in range(7):
        make_instance(f"Same {number // 3}", internal_lms_domain=f"c{number}.localhost")
    everything = OpenEdXInstance.objects.all()
    first = fleet.page(everything, sort, size=3)
    second = fleet.page(everything, sort, size=3, after=first.after)
    third = fleet.page(everything, sort, size=3, after=second.after)
    ids = [*first.ids, *second.ids, *third.ids]
    assert len(set(ids)) == len(ids) == 7
    assert (first.before, third.after) == ("", "")
    assert fleet.page(everything, sort, size=3, before=third.before).ids == second.ids
    again = fleet.page(everything, sort, size=3, before=second.before)
    assert (again.ids, again.before, again.after) == (first.ids, "", first.after)


@pytest.mark.parametrize("cursor", ["x", "5", "x.y", f"{'9' * 19}.a", "5.a\0"])
@pytest.mark.django_db
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ValidationError):
        fleet.page(OpenEdXInstance.objects.all(), "name", size=3, after=cursor)
