"""The page of the fleet, as its plain form and as htmx ask for it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ocim.core.access import Role
from ocim.core.states import AppServerState
from ocim.store.models import InstanceReference, OpenEdXInstance
from ocim.web import fleet
from tests.web.conftest import signed_in
from tests.web.fleet import make_appserver, make_instance


def page(client: Client, query: str = "", **headers: str) -> str:
    response = client.get(f"/?{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.django_db
def test_an_empty_fleet_says_how_to_create_an_instance(admin: Client) -> None:
    assert "ocim instance create" in page(admin)


def test_a_search_without_result_says_what_to_do(admin: Client, demo: OpenEdXInstance) -> None:
    html = page(admin, "q=nothing")
    assert "No instance matches." in html
    assert 'value="nothing"' in html


def test_a_filter_selects_and_is_named_with_a_way_to_remove_it(admin: Client) -> None:
    make_instance("Tagged", tags=["old"])
    make_instance("Plain")
    html = page(admin, "tag=old&sort=-name")
    assert ">Tagged</a>" in html
    assert ">Plain</a>" not in html
    assert 'href="/?sort=-name" aria-label="Remove Tag: old"' in html
    assert "<strong>1</strong> instance matches" in html


def test_values_that_the_form_has_no_field_for_are_kept(admin: Client, demo: object) -> None:
    html = page(admin, "tag=a&tag=b&id=1&id=2")
    for name, value in (("tag", "b"), ("id", "1"), ("id", "2")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in html
    assert 'name="tag" value="a"' not in html


def test_a_link_with_faults_shows_all_of_them_and_no_instance(
    admin: Client, demo: OpenEdXInstance
) -> None:
    response = admin.get("/?state=dead&stat=down&after=x")
    html = response.content.decode()
    assert response.status_code == 400
    assert "Unknown filter &#x27;stat&#x27;" in html
    assert "&#x27;dead&#x27; is none of" in html
    assert ">Demo</a>" not in html


def test_a_place_that_is_none_is_told(admin: Client, demo: OpenEdXInstance) -> None:
    response = admin.get("/?after=x")
    assert response.status_code == 400
    assert "Go to the first page" in response.content.decode()


def test_htmx_gets_the_list_alone_and_the_shortest_address(
    admin: Client, demo: OpenEdXInstance
) -> None:
    response = admin.get("/?q=demo&state=&sort=name", headers={"HX-Request": "true"})
    html = response.content.decode()
    assert response.headers["HX-Push-Url"] == "/?q=demo"
    assert ">Demo</a>" in html
    assert 'role="search"' not in html
    assert 'id="announcer"' in html


def test_a_page_from_the_history_is_whole(admin: Client, demo: OpenEdXInstance) -> None:
    assert "<form" in page(admin, **{"HX-Request": "true", "HX-History-Restore-Request": "true"})


def test_health_and_holds_are_told_in_words(admin: Client, demo: OpenEdXInstance) -> None:
    make_appserver(demo, is_active=True, unhealthy_since=timezone.now())
    InstanceReference.objects.filter(pk=demo.pk).update(hold_reason="exams <b>")
    html = page(admin)
    assert ">degraded</span>" in html
    assert 'title="exams &lt;b&gt;">held</span>' in html
    assert "<strong>1</strong> degraded" in html


def test_instances_in_maintenance_are_counted_and_listed(
    admin: Client, demo: OpenEdXInstance
) -> None:
    OpenEdXInstance.objects.filter(pk=demo.pk).update(maintenance="Back soon.")
    make_instance("Open")
    html = page(admin, "maintenance=yes")
    assert '?maintenance=yes"><strong>1</strong> in maintenance</a>' in html
    assert (">Demo</a>" in html, ">Open</a>" in html) == (True, False)


def test_pages_lead_to_one_another(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "PAGE_SIZE", 1)
    for name in ("A", "B & C"):
        make_instance(name, internal_lms_domain=f"{name[0].lower()}.localhost")
    first = page(admin, "sort=-name")
    assert ">B &amp; C</a>" in first
    assert ">A</a>" not in first
    [_, link] = first.split('rel="next" href="/?')
    second = page(admin, link.partition('"')[0].replace("&amp;", "&"))
    assert ">A</a>" in second
    assert 'rel="prev"' in second


def test_only_what_may_be_seen_is_listed_counted_and_suggested(demo: OpenEdXInstance) -> None:
    make_instance("Theirs", organization="Acme", tags=["acme"])
    make_instance("Other", organization="Umbrella", tags=["umbrella"])
    html = page(signed_in("ann", Role.VIEWER, "Acme"))
    assert ">Theirs</a>" in html
    assert "Umbrella" not in html
    assert "umbrella" not in html
    assert "<strong>1</strong> down" in html


def test_a_page_of_a_large_fleet_takes_few_queries(admin: Client) -> None:
    for number in range(5):
        instance = make_instance(f"Site {number}", tags=[f"t{number}", "all"])
        make_appserver(instance, is_active=True)
        make_appserver(instance, AppServerState.FAILED)
        InstanceReference.objects.filter(pk=instance.pk).update(
            hold_reason="exams", held_until="2999-01-01"
        )
    with CaptureQueriesContext(connection) as captured:
        page(admin, "held=yes&tag=all&state=on the web&health=healthy")
    assert len(captured) <= 20
