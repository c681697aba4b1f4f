"""The page that edits an instance."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ocim.core.access import Role
from ocim.store.models import OpenEdXInstance, RoleGrant
from tests.web.conftest import signed_in

SETTINGS = "# ours\nSHOP_PASSWORD: secret-word\nSITE_NAME: Campus\n"


def form(client: Client, demo: OpenEdXInstance) -> str:
    return client.get(reverse("edit-instance", args=[demo.pk])).content.decode()


def version(html: str) -> str:
    match = re.search(r'name="version" value="(\w+)"', html)
    assert match
    return match[1]


def send(client: Client, demo: OpenEdXInstance, step: str, status: int = 200, **fields: str) -> str:
    fields.setdefault("version", version(form(client, demo)))
    address = reverse("edit-instance", args=[demo.pk])
    response = client.post(address, {"step": step, **fields})
    assert response.status_code == status
    return response.content.decode()


@pytest.fixture
def configured(demo: OpenEdXInstance) -> OpenEdXInstance:
    OpenEdXInstance.objects.update(configuration_extra_settings=SETTINGS)
    demo.refresh_from_db()
    return demo


def test_the_form_has_every_setting_with_its_help(admin: Client, demo: OpenEdXInstance) -> None:
    html = form(admin, demo)
    assert 'id="openedx_appserver_count" name="openedx_appserver_count" value="1"' in html
    assert "ISO 4217 code" in html


def test_a_preview_shows_what_changes_and_saves_nothing(
    admin: Client, demo: OpenEdXInstance
) -> None:
    html = send(admin, demo, "preview", name="Northern campus")
    assert "EDXAPP_PLATFORM_NAME" in html
    assert "<ins>Northern campus</ins>" in html
    demo.refresh_from_db()
    assert demo.name == "Demo"


def test_a_save_stores_what_differs(admin: Client, demo: OpenEdXInstance) -> None:
    send(admin, demo, "save", 302, name="Northern campus", tags="a, b", notes="Call first.")
    demo.refresh_from_db()
    assert (demo.name, demo.ref_set.notes) == ("Northern campus", "Call first.")
    assert sorted(demo.tags.values_list("name", flat=True)) == ["a", "b"]


def test_all_faults_are_beside_their_fields_and_lines_are_marked(
    admin: Client, demo: OpenEdXInstance
) -> None:
    html = send(
        admin, demo, "save", 422,
        email="nobody", time_zone="Mars", configuration_extra_settings="a: 1\r\nb: 2\r\na: 3\r\n",
    )  # fmt: skip
    assert "3 faults" in html
    assert '<a href="#time_zone">Time zone</a>: &#x27;Mars&#x27; is not a time zone' in html
    assert '<li class="faulty">3</li>' in html
    assert "a: 1\nb: 2\na: 3\n" in html


def test_the_typed_text_comes_back_from_the_preview(admin: Client, demo: OpenEdXInstance) -> None:
    html = send(admin, demo, "edit", name="Northern campus")
    assert 'value="Northern campus"' in html


def test_nothing_typed_is_nothing_changed(admin: Client, demo: OpenEdXInstance) -> None:
    assert "Nothing is changed." in send(admin, demo, "preview")


def test_who_may_not_see_secrets_edits_around_them(configured: OpenEdXInstance) -> None:
    operator = signed_in("operator", Role.OPERATOR)
    html = form(operator, configured)
    assert "SHOP_PASSWORD: ********" in html
    assert "secret-word" not in html
    changed = SETTINGS.replace("secret-word", "********").replace("Campus", "North")
    send(operator, configured, "save", 302, configuration_extra_settings=changed)
    configured.refresh_from_db()
    assert configured.configuration_extra_settings == SETTINGS.replace("Campus", "North")


def test_a_mask_does_not_become_a_value(configured: OpenEdXInstance) -> None:
    operator = signed_in("operator", Role.OPERATOR)
    html = send(operator, configured, "save", 422, configuration_extra_settings="A: ********")
    assert "stands for a secret" in html
    assert '<li class="faulty">1</li>' in html


def test_who_may_see_secrets_edits_them(admin: Client, configured: OpenEdXInstance) -> None:
    assert "secret-word" in form(admin, configured)


def test_settings_that_cannot_be_masked_are_not_edited_without_the_right(
    configured: OpenEdXInstance,
) -> None:
    folded = "A_PASSWORD: >\n  folded-here\n  over-lines\n"
    OpenEdXInstance.objects.update(configuration_extra_settings=folded)
    operator = signed_in("operator", Role.OPERATOR)
    html = form(operator, configured)
    assert "Only who may see secrets can edit this." in html
    assert "over-lines" not in html
    send(operator, configured, "save", 302, name="New", configuration_extra_settings="a: 1")
    configured.refresh_from_db()
    assert (configured.name, configured.configuration_extra_settings) == ("New", folded)


def test_an_edit_after_another_one_is_refused_with_what_changed(
    admin: Client, demo: OpenEdXInstance
) -> None:
    before = version(form(admin, demo))
    typed = {"name": "Mine", "email": demo.email, "time_zone": "Europe/Rome"}
    send(admin, demo, "save", 302, name="Theirs", email="theirs@example.com")
    html = send(admin, demo, "save", 409, version=before, **typed)
    assert "somebody else changed the instance" in html
    assert "Theirs" in html
    assert 'name="name" value="Mine"' in html
    assert 'name="email" value="theirs@example.com"' in html
    send(admin, demo, "save", 302, version=version(html), name="Mine", time_zone="Europe/Rome")
    demo.refresh_from_db()
    assert (demo.name, demo.email) == ("Mine", "theirs@example.com")


@pytest.mark.parametrize("there, status", [(Role.OPERATOR, 403), (Role.ADMIN, 302)])
def test_only_who_is_admin_of_both_organizations_moves_an_instance(
    demo: OpenEdXInstance, there: Role, status: int
) -> None:
    demo.ref_set.organization = "North"
    demo.ref_set.save()
    admin = signed_in("mira", Role.ADMIN, "North")
    RoleGrant.objects.create(
        user=User.objects.get(username="mira"), role=there, organization="South"
    )
    send(admin, demo, "save", status, organization="South")


def test_a_pasted_mask_is_no_value_for_who_sees_secrets_either(
    admin: Client, configured: OpenEdXInstance
) -> None:
    changed = SETTINGS.replace("secret-word", "********")
    html = send(admin, configured, "save", 422, configuration_extra_settings=changed)
    assert "stands for a secret" in html


def test_faults_show_no_secret(configured: OpenEdXInstance) -> None:
    operator = signed_in("operator", Role.OPERATOR)
    masked = SETTINGS.replace("secret-word", "********")
    html = send(
        operator, configured, "save", 422,
        configuration_extra_settings=f"{masked}SHOP_PASSWORD: [\n",
    )  # fmt: skip
    assert "secret-word" not in html
