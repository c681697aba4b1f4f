"""Changes of selected instances: what is listed is what changes, and no more."""

import re

import pytest
from django.test import Client

from ocim.core.access import Role
from ocim.core.jobs import ActivateJob, VerifyJob
from ocim.core.states import AppServerState
from ocim.operations.jobs import payload_of
from ocim.store.models import AuditEntry, InstanceReference, InstanceTag, Job, OpenEdXInstance
from ocim.web.bulk_changes import CHANGES, Change
from tests.web.conftest import signed_in
from tests.web.fleet import make_appserver, make_instance


@pytest.fixture
def campuses(db: None) -> list[OpenEdXInstance]:
    """Create three instances, of two organizations."""
    return [make_instance(name, organization=f"Org {name[0]}") for name in ("A", "B", "B two")]


def confirmation(client: Client, query: str) -> dict[str, str]:
    """Return the hidden fields of the page that asks for a confirmation."""
    html = client.get(f"/bulk/?{query}").content.decode()
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))
    assert "Instances that change" in html
    return fields


def tagged(name: str) -> set[str]:
    instances = OpenEdXInstance.objects.filter(tags__name=name)
    return set(instances.values_list("name", flat=True))


def test_checked_instances_are_tagged_after_a_confirmation(
    admin: Client, campuses: list[OpenEdXInstance]
) -> None:
    fields = confirmation(admin, f"id={campuses[0].pk}&id={campuses[2].pk}&change=tag&filter=q%3DX")
    assert not InstanceTag.objects.exists()
    answer = admin.post("/bulk/", {**fields, "tag": "early"})
    assert answer.headers["Location"] == "/?q=X"
    assert tagged("early") == {"A", "B two"}
    fields = confirmation(admin, "all=on&change=untag&filter=q%3Dtwo")
    admin.post("/bulk/", {**fields, "tag": "early"})
    assert tagged("early") == {"A"}


def test_all_that_match_are_those_of_the_confirmation(
    admin: Client, campuses: list[OpenEdXInstance]
) -> None:
    fields = confirmation(admin, "all=on&change=tag&filter=q%3Db")
    make_instance("B three")
    admin.post("/bulk/", {**fields, "tag": "listed"})
    assert tagged("listed") == {"B", "B two"}


def test_a_filter_that_no_address_holds_changes_nothing(
    admin: Client, campuses: list[OpenEdXInstance]
) -> None:
    fields = confirmation(admin, "all=on&change=tag&filter=q%3Db")
    posted = {**fields, "filter": "q=" + "b" * 20_000, "tag": "early"}
    answer = admin.post("/bulk/", posted, follow=True)
    assert "The filter has over 5000 letters. Select anew." in answer.content.decode()
    assert not InstanceTag.objects.exists()


def test_holds_are_set_and_released(admin: Client, campuses: list[OpenEdXInstance]) -> None:
    fields = confirmation(admin, "all=on&change=hold&filter=")
    answer = admin.post("/bulk/", {**fields, "reason": "", "until": "2001-01-01", "from": ""})
    assert "is in the past" in answer.content.decode()
    assert not InstanceReference.objects.exclude(hold_reason="").exists()
    admin.post("/bulk/", {**fields, "reason": "exams", "until": "", "from": ""})
    assert InstanceReference.objects.filter(hold_reason="exams").count() == 3
    admin.post("/bulk/", confirmation(admin, f"id={campuses[0].pk}&change=release"))
    assert InstanceReference.objects.filter(hold_reason="exams").count() == 2


def test_spawns_go_on_after_an_instance_whose_configuration_cannot_work(
    admin: Client, campuses: list[OpenEdXInstance]
) -> None:
    OpenEdXInstance.objects.filter(pk=campuses[0].pk).update(configuration_extra_settings="A: [")
    answer = admin.post(
        "/bulk/", {**confirmation(admin, "all=on&change=spawn"), "activate": "on"}, follow=True
    )
    assert Job.objects.count() == 2
    html = answer.content.decode()
    assert "Requested: app servers of 2 instances." in html
    assert "A (a.localhost, id" in html


def test_the_newest_app_servers_are_activated(
    admin: Client, campuses: list[OpenEdXInstance]
) -> None:
    first, second, _ = campuses
    make_appserver(first)
    newest = make_appserver(first)
    make_appserver(first, AppServerState.FAILED)
    make_appserver(second, is_active=True)
    fields = confirmation(admin, "all=on&change=activate")
    html = admin.post("/bulk/", fields, follow=True).content.decode()
    assert "Requested: activation of the newest app server of 1 instance." in html
    assert payload_of(Job.objects.get()) == ActivateJob((newest.pk,))
    assert "serves it already." in html
    assert "it has no app server that runs." in html


def test_services_are_verified_where_an_instance_has_any(
    admin: Client, campuses: list[OpenEdXInstance]
) -> None:
    shop = make_appserver(campuses[0], is_active=True, optional_services=["discovery"])
    other = make_appserver(campuses[1], is_active=True)
    fields = confirmation(admin, "all=on&change=verify")
    html = admin.post("/bulk/", fields, follow=True).content.decode()
    assert payload_of(Job.objects.get()) == VerifyJob(shop.pk)
    assert html.count("message error") == 2
    assert str(other) in html


def test_maintenance_begins_for_all_with_a_text_and_ends(
    admin: Client, campuses: list[OpenEdXInstance]
) -> None:
    fields = confirmation(admin, "all=on&change=maintenance")
    admin.post("/bulk/", {**fields, "message": "x" * 501})
    assert not OpenEdXInstance.objects.exclude(maintenance="").exists()
    admin.post("/bulk/", {**fields, "message": "Back at nine."})
    assert OpenEdXInstance.objects.filter(maintenance="Back at nine.").count() == 3
    admin.post("/bulk/", confirmation(admin, f"id={campuses[0].pk}&change=end-maintenance"))
    assert OpenEdXInstance.objects.filter(maintenance="Back at nine.").count() == 2


def test_tags_that_change_are_recorded_for_each_instance(
    admin: Client, campuses: list[OpenEdXInstance]
) -> None:
    admin.post("/bulk/", {**confirmation(admin, "all=on&change=tag&filter=q%3Dtwo"), "tag": "a"})
    admin.post("/bulk/", {**confirmation(admin, "all=on&change=tag"), "tag": "a"})
    admin.post("/bulk/", {**confirmation(admin, "all=on&change=untag&filter=q%3Dtwo"), "tag": "a"})
    entries = AuditEntry.objects.filter(action="instance.change").order_by("pk")
    assert [(entry.target_name.split(" (")[0], entry.before, entry.after) for entry in entries] == [
        ("B two", {"tags": []}, {"tags": ["a"]}),
        ("A", {"tags": []}, {"tags": ["a"]}),
        ("B", {"tags": []}, {"tags": ["a"]}),
        ("B two", {"tags": ["a"]}, {"tags": []}),
    ]


def test_who_may_operate_some_instances_changes_no_others(
    campuses: list[OpenEdXInstance],
) -> None:
    client = signed_in("ann", Role.OPERATOR, "Org B")
    theirs = ",".join(str(item.pk) for item in campuses)
    fields = confirmation(client, "all=on&change=tag")
    client.post("/bulk/", {**fields, "ids": theirs.replace(",", " "), "tag": "mine"})
    assert tagged("mine") == {"B", "B two"}


def test_a_viewer_changes_nothing(campuses: list[OpenEdXInstance]) -> None:
    client = signed_in("ann", Role.VIEWER)
    assert client.get("/bulk/?all=on&change=tag").status_code == 403
    assert "Select A" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    "query, text",
    [
        ("change=tag", "No instance is selected."),
        ("all=on", "choose what to do"),
        ("change=rollout", "Select instances"),
        ("all=on&change=hold", "At most 2 at once"),
        ("id=x&change=tag", "is no id of an instance"),
    ],
)
def test_a_selection_that_cannot_be_is_refused(
    admin: Client,
    campuses: list[OpenEdXInstance],
    query: str,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(CHANGES, "hold", Change("Hold", "held", CHANGES["hold"].run, most=2))
    assert text in admin.get(f"/bulk/?{query}", follow=True).content.decode()


def test_a_tag_that_cannot_be_one_is_told_beside_its_field(
    admin: Client, campuses: list[OpenEdXInstance]
) -> None:
    fields = confirmation(admin, "all=on&change=tag")
    html = admin.post("/bulk/", {**fields, "tag": "a,b"}).content.decode()
    assert "commas separate tags" in html
    assert 'value="a,b"' in html
