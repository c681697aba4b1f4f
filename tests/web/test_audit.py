"""The page of the audit log, and who is recorded for a request."""

import csv
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from django.urls import reverse

from ocim.core.access import Role
from ocim.operations import holds
from ocim.store.models import AuditEntry, OpenEdXInstance
from ocim.wiring import context
from tests.web.conftest import signed_in


@pytest.fixture
def held(demo: OpenEdXInstance) -> OpenEdXInstance:
    """Return an instance with an entry."""
    demo.ref_set.organization = "Campus"
    demo.ref_set.save()
    holds.hold(demo.pk, reason="=Exams", since=None, until=None, context=context())
    return demo


def test_a_request_is_recorded_with_account_and_address(held: OpenEdXInstance) -> None:
    mira = signed_in("mira", Role.OPERATOR, "Campus")
    where = reverse("take-step", args=[held.pk, "release"])
    mira.post(where, REMOTE_ADDR="192.0.2.7")
    entry = AuditEntry.objects.get(action="instance.release")
    assert (entry.actor_kind, entry.actor_name, entry.actor_address) == (
        "page",
        "mira",
        "192.0.2.7",
    )
    assert entry.user_id == User.objects.get(username="mira").pk


def test_the_page_shows_what_a_search_finds(admin: Client, held: OpenEdXInstance) -> None:
    page = admin.get(reverse("audit"), {"instance": str(held.pk), "action": "instance.hold"})
    assert "=Exams" in page.content.decode()
    empty = admin.get(reverse("audit"), {"actor": "nobody"})
    assert "No recorded change matches" in empty.content.decode()


def test_a_search_that_cannot_be_read_is_explained(admin: Client) -> None:
    page = admin.get(reverse("audit"), {"since": "soon", "after": "x"})
    assert page.status_code == 400
    assert "is no time" in page.content.decode()


def test_an_admin_of_another_organization_sees_no_entry(held: OpenEdXInstance) -> None:
    other = signed_in("eve", Role.ADMIN, "Another campus")
    assert "=Exams" not in other.get(reverse("audit")).content.decode()


def test_older_entries_are_on_the_next_page(admin: Client, held: OpenEdXInstance) -> None:
    for _ in range(60):
        holds.hold(held.pk, reason="Exams", since=None, until=None, context=context())
    first = admin.get(reverse("audit"))
    assert len(first.context["rows"]) == 50
    second = admin.get(reverse("audit"), {"after": first.context["after"]})
    assert {row["entry"].pk for row in first.context["rows"]}.isdisjoint(
        row["entry"].pk for row in second.context["rows"]
    )


def test_the_download_is_csv_without_formulas(held: OpenEdXInstance) -> None:
    client = AsyncClient()
    client.force_login(User.objects.create_superuser("root"))

    async def lines() -> list[str]:
        response: Any = await client.get(reverse("audit-download"), {"action": "instance.hold"})
        parts = [part.decode() async for part in response.streaming_content]
        return "".join(parts).splitlines()

    header, row = csv.reader(async_to_sync(lines)())
    assert header[5] == "action"
    assert row[5] == "instance.hold"
    assert "=Exams" in row[-1]
    assert not any(cell.startswith("=") for cell in row)


def test_instances_link_to_their_history(admin: Client, held: OpenEdXInstance) -> None:
    page = admin.get(reverse("instance", args=[held.pk])).content.decode()
    assert f"{reverse('audit')}?instance={held.pk}" in page
