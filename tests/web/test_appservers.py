from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ocim.adapters.memory.providers import MemoryProvider
from ocim.core.hosts import Isolation
from ocim.core.states import AppServerState
from ocim.operations.instances import preview_password
from ocim.store.models import Deployment, OpenEdXInstance
from ocim.web import appservers
from ocim.wiring import context
from tests.web.fleet import make_appserver, write_line


def page(client: Client, appserver_id: int, name: str = "appserver") -> str:
    response = client.get(reverse(name, args=[appserver_id]))
    assert response.status_code == 200
    return response.content.decode()


def test_a_failed_one_says_why_before_all_else(admin: Client, demo: OpenEdXInstance) -> None:
    failed = make_appserver(demo, AppServerState.FAILED, failure="migrate: table exists")
    write_line(failed, "the first line of the log")
    html = page(admin, failed.pk)
    assert html.index("migrate: table exists") < html.index("the first line of the log")


def test_the_evidence_of_a_failed_check_is_shown(admin: Client, demo: OpenEdXInstance) -> None:
    evidence = {
        "probe": "studio",
        "url": "http://studio.demo.localhost/heartbeat",
        "status": 500,
        "expected": 200,
        "excerpt": "<h1>Broken</h1>",
        "error": "",
    }
    html = page(admin, make_appserver(demo, evidence=[evidence]).pk)
    assert "instead of 200" in html
    assert "http://studio.demo.localhost/heartbeat" in html
    assert "&lt;h1&gt;Broken&lt;/h1&gt;" in html


@pytest.mark.parametrize("isolation", ["none", "bubblewrap"])
def test_one_whose_host_has_no_border_says_so(
    admin: Client, demo: OpenEdXInstance, monkeypatch: pytest.MonkeyPatch, isolation: Any
) -> None:
    provider = MemoryProvider(kind="local")
    provider.kept = Isolation(isolation, "That is why.")
    ours = context()
    adapters = replace(ours.adapters, providers={"local": provider})
    monkeypatch.setattr(appservers, "context", lambda: replace(ours, adapters=adapters))
    sentence = "may reach the files of Ocim and of other instances: That is why."
    assert (sentence in page(admin, make_appserver(demo).pk)) is (isolation == "none")


def test_evidence_of_the_right_status_says_what_else_is_wrong(
    admin: Client, demo: OpenEdXInstance
) -> None:
    evidence = {"probe": "lms", "status": 200, "expected": 200, "reasons": ["no JSON object: &"]}
    html = page(admin, make_appserver(demo, evidence=[evidence]).pk)
    assert "no JSON object: &amp;." in html
    assert "is-failed" in html


def test_one_that_serves_and_is_not_well_says_since_when_and_why(
    admin: Client, demo: OpenEdXInstance
) -> None:
    since = datetime(2026, 5, 4, 12, tzinfo=UTC)
    made = make_appserver(
        demo, is_active=True, unhealthy_since=since, unhealthy_reason="lms: <refused>"
    )
    for address in (reverse("appserver", args=[made.pk]), reverse("instance", args=[demo.pk])):
        html = admin.get(address).content.decode()
        assert "Unhealthy since" in html
        assert "lms: &lt;refused&gt;" in html


@pytest.mark.parametrize("is_active", [False, True])
def test_only_one_that_runs_and_is_not_active_has_a_preview(
    admin: Client, demo: OpenEdXInstance, is_active: bool
) -> None:
    made = make_appserver(demo, is_active=is_active)
    address = f"https://appserver-{made.pk}.demo.localhost:8443"
    assert (address in page(admin, made.pk)) is not is_active


def test_the_preview_password_is_shown_on_request_only(
    admin: Client, demo: OpenEdXInstance
) -> None:
    made = make_appserver(demo)
    password = preview_password(demo).reveal()
    address = reverse("preview-password", args=[made.pk])
    assert password not in page(admin, made.pk)
    response = admin.post(address)
    assert password in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    assert admin.get(address).status_code == 405


def test_the_preview_password_is_refused_to_who_may_only_look(
    guest: Client, demo: OpenEdXInstance
) -> None:
    address = reverse("preview-password", args=[make_appserver(demo).pk])
    assert guest.post(address).status_code == 403


def test_it_shows_what_changed_since_the_one_before(admin: Client, demo: OpenEdXInstance) -> None:
    make_appserver(demo)
    changes = [{"path": ["EDXAPP_ENV", "LANGUAGE"], "old": "(not set)", "new": ["de"]}]
    deployment = Deployment.objects.create(instance=demo, changes=changes)
    html = page(admin, make_appserver(demo, deployment=deployment).pk)
    assert "EDXAPP_ENV.LANGUAGE" in html
    assert "[&quot;de&quot;]" in html


def test_log_lines_are_escaped_and_name_level_and_task(
    admin: Client, demo: OpenEdXInstance
) -> None:
    made = make_appserver(demo)
    write_line(made, "<script>alert(1)</script>", level="warning", task="edxapp : migrate")
    html = page(admin, made.pk)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert '<span class="level">warning</span>' in html
    assert '<span class="task">edxapp : migrate</span>' in html


def test_a_long_log_begins_with_its_last_lines(
    admin: Client, demo: OpenEdXInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appservers, "LINES_SHOWN", 2)
    made = make_appserver(demo)
    for number in range(3):
        write_line(made, f"line number {number}")
    html = page(admin, made.pk)
    assert "line number 0" not in html
    assert html.index("line number 1") < html.index("line number 2")
    assert "line number 0" in page(admin, made.pk, "appserver-log-pages")


def test_nothing_follows_a_terminated_one(admin: Client, demo: OpenEdXInstance) -> None:
    made = make_appserver(demo, AppServerState.TERMINATED)
    assert "sse-connect" not in page(admin, made.pk)


def test_a_long_log_and_many_siblings_take_no_more_queries(
    admin: Client, demo: OpenEdXInstance
) -> None:
    made = make_appserver(demo)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(admin, made.pk)
        return len(captured)

    def grow(number: int) -> None:
        for _ in range(number):
            make_appserver(demo)
            write_line(made, "a line")

    grow(2)
    few = count()
    grow(18)
    assert count() == few


@pytest.mark.parametrize(
    "name",
    ["appserver", "appserver-progress", "appserver-events", "appserver-log-pages", "appserver-log"],
)
def test_what_does_not_exist_is_not_found(admin: Client, name: str) -> None:
    assert admin.get(reverse(name, args=[9999])).status_code == 404


def test_who_may_only_look_sees_no_buttons(guest: Client, demo: OpenEdXInstance) -> None:
    made = make_appserver(demo)
    for html in (
        page(guest, made.pk),
        guest.get(reverse("instance", args=[demo.pk])).content.decode(),
    ):
        assert "Activate" not in html
        assert "Terminate" not in html
        assert "Spawn" not in html


def test_what_a_verification_found_is_shown_with_what_to_do(
    admin: Client, demo: OpenEdXInstance
) -> None:
    line = {"name": "ecommerce: partner", "compared": "OTHER; expected ACME", "url": "",
            "status": None, "remedy": "Change it back."}  # fmt: skip
    made = make_appserver(demo, evidence=[line])
    html = admin.get(reverse("appserver", args=[made.pk])).content.decode()
    assert all(text in html for text in ("ecommerce: partner", "OTHER", "Change it back."))
