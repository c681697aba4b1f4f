"""The guided form of a rollout: nothing begins before its tag is typed below the plan."""

import re

import pytest
from django.test import Client

from ocim.core.access import Role
from ocim.store.models import OpenEdXInstance, Rollout
from tests.web.conftest import signed_in
from tests.web.fleet import make_appserver, make_instance

NEW = "/rollouts/new/"


@pytest.fixture(autouse=True)
def campuses(db: None) -> None:
    """Create an instance of each of two organizations, which serve."""
    for name in ("A", "B"):
        make_appserver(make_instance(name, organization=f"Org {name}"), is_active=True)
    OpenEdXInstance.objects.update(successfully_provisioned=True)


def planned(client: Client, **fields: str) -> tuple[str, dict[str, str]]:
    """Return the page with the plan, and the fields that its form sends."""
    html = client.post(NEW, {"tag": "next", **fields}).content.decode()
    return html, dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))


def test_a_rollout_is_planned_for_a_filter_and_begun_by_typing_its_tag(admin: Client) -> None:
    html, fields = planned(
        admin,
        filter="organization=Org A",
        update="email: new@example.com\n",
        batch_size="3",
        backup="on",
    )
    assert "email: ops@example.com → new@example.com" in html
    assert "A (a.localhost" in html
    assert "B (b.localhost" not in html
    admin.post(NEW, {**fields, "confirmation": "another"})
    assert not Rollout.objects.exists()
    answer = admin.post(NEW, {**fields, "confirmation": "next"})
    rollout = Rollout.objects.get()
    assert answer.headers["Location"] == f"/rollouts/{rollout.pk}/"
    assert list(rollout.upgrades.values_list("instance__name", flat=True)) == ["A"]
    assert rollout.update == {"email": "new@example.com"}
    assert rollout.rules["batch_size"] == 3
    assert rollout.backup
    assert str(rollout.creator) == "admin"


def test_a_rollout_begins_at_a_time_of_the_viewers_clock(admin: Client) -> None:
    html, fields = planned(admin, at="2099-05-04T22:00", zone="Europe/Berlin")
    assert "It begins at 2099-05-04 20:00 UTC" in html
    admin.post(NEW, {**fields, "confirmation": "next"})
    rollout = Rollout.objects.get()
    assert (rollout.state, f"{rollout.begins_at:%d %H:%M}") == ("scheduled", "04 20:00")
    page = admin.get(f"/rollouts/{rollout.pk}/").content.decode()
    assert "begins at" in page
    assert "is scheduled for" in admin.get("/").content.decode()
    page = admin.post(f"/rollouts/{rollout.pk}/abort/").content.decode()
    assert "The rollout does not begin" in page
    admin.post(f"/rollouts/{rollout.pk}/abort/", {"confirmed": "yes"})
    assert Rollout.objects.get().state == "aborted"


def test_a_time_without_a_known_zone_is_of_utc(admin: Client) -> None:
    html, _ = planned(admin, at="2099-05-04T22:00", zone="../../etc/passwd")
    assert "It begins at 2099-05-04 22:00 UTC" in html


def test_a_plan_that_changed_meanwhile_is_shown_again(admin: Client) -> None:
    _, fields = planned(admin)
    make_appserver(make_instance("C"), is_active=True)
    OpenEdXInstance.objects.update(successfully_provisioned=True)
    html = admin.post(NEW, {**fields, "confirmation": "next"}).content.decode()
    assert "The plan changed since you saw it" in html
    assert "C (c.localhost" in html
    assert not Rollout.objects.exists()


def test_all_faults_are_told_beside_their_fields(admin: Client) -> None:
    html, _ = planned(
        admin, tag="", batch_size="many", window="noon", update="flavour: big", waves="x", at="noon"
    )
    for name in ("tag", "batch_size", "window", "update", "waves", "at"):
        beside = html.partition(f'id="about-{name}"')[2].partition("</div>")[0]
        assert '<ul class="faults">' in beside
    assert "is no number" in html
    assert "Did you mean &#x27;flavor&#x27;?" in html
    assert "\nflavour: big</textarea>" in html


def test_no_file_of_the_manager_is_read(admin: Client) -> None:
    html, _ = planned(admin, update="@/etc/passwd")
    assert "root:" not in html


def test_who_goes_back_finds_what_was_typed(admin: Client) -> None:
    _, fields = planned(admin, update="email: new@example.com", backup="on")
    html = admin.post(NEW, {**fields, "edit": "yes"}).content.decode()
    assert "\nemail: new@example.com</textarea>" in html
    assert 'name="backup" id="backup" checked' in html


def test_only_instances_that_may_be_released_are_planned() -> None:
    html, _ = planned(signed_in("ann", Role.RELEASER, "Org B"))
    assert "B (b.localhost" in html
    assert "A (a.localhost" not in html


def test_a_selection_on_the_page_leads_to_the_form(admin: Client) -> None:
    pk = OpenEdXInstance.objects.get(name="B").pk
    answer = admin.get(f"/bulk/?id={pk}&change=rollout&filter=", follow=True)
    assert "<strong>1</strong> instance selected" in answer.content.decode()
    answer = admin.get("/bulk/?all=on&change=rollout&filter=q%3Dlocalhost", follow=True)
    assert "<strong>2</strong> instances selected" in answer.content.decode()
