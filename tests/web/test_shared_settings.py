"""Pages of the settings that several instances share."""

from django.test import Client

from ocim.core.access import Role
from ocim.operations import shared_settings
from ocim.store.models import SharedSettings
from tests.web.conftest import signed_in
from tests.world import World

EDIT = "/settings/edit/"


def html(client: Client, address: str = EDIT, **fields: str) -> str:
    """Return a page, or the page that a form leads to."""
    answer = client.post(address, fields, follow=True) if fields else client.get(address)
    return answer.content.decode()


def test_a_change_is_previewed_and_saved(admin: Client, world: World) -> None:
    instance = world.make_instance()
    fields = {"shared_settings": "EDXAPP_TIME_ZONE: Asia/Tokyo\r\n", "version": "0"}
    page = html(admin, **fields, step="preview", instance=instance.internal_lms_domain)
    assert "Variables change for <strong>1 of 1 instance</strong>" in page
    assert "Asia/Tokyo" in page
    assert not SharedSettings.objects.exists()
    assert "Saved." in html(admin, **fields, step="save")
    row = SharedSettings.objects.get()
    assert (row.text, row.changed_by) == ("EDXAPP_TIME_ZONE: Asia/Tokyo\n", "admin")
    assert "EDXAPP_TIME_ZONE: Asia/Tokyo" in html(admin, "/settings/")
    assert "EDXAPP_TIME_ZONE: Asia/Tokyo" in html(admin)


def test_faults_are_told_with_their_lines(admin: Client, world: World) -> None:
    page = html(admin, shared_settings="A: 1\nB b: [\n", version="0", step="preview")
    assert "Nothing is saved" in page
    assert '<li class="faulty">2</li>' in page or '<li class="faulty">3</li>' in page
    assert not SharedSettings.objects.exists()


def test_a_concurrent_edit_is_noticed_and_the_text_kept(admin: Client, world: World) -> None:
    shared_settings.change(organization="", text="A: theirs\n", context=world.context())
    answer = admin.post(EDIT, {"shared_settings": "A: mine\n", "version": "0", "step": "save"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else changed these settings meanwhile" in page
    assert "A: mine" in page
    assert "A: theirs" in page
    assert SharedSettings.objects.get().text == "A: theirs\n"


def test_a_version_that_is_none_is_a_concurrent_edit(admin: Client, world: World) -> None:
    for version in ("", "-1", "9" * 5000):
        answer = admin.post(EDIT, {"shared_settings": "A: 1", "version": version, "step": "save"})
        assert answer.status_code == 409


def test_a_viewer_sees_the_settings_of_an_organization_without_secrets(world: World) -> None:
    world.make_instance(organization="Campus")
    text = "EDXAPP_TIME_ZONE: UTC\nSMTP_PASSWORD: unspoken\n"
    for organization in ("", "Campus"):
        shared_settings.change(organization=organization, text=text, context=world.context())
    page = html(signed_in("mira", Role.VIEWER, "Campus"), "/settings/")
    assert page.count("EDXAPP_TIME_ZONE: UTC") == 1
    assert "unspoken" not in page
    assert "Edit" not in page


def test_an_admin_of_an_organization_edits_its_settings_alone(world: World) -> None:
    world.make_instance(organization="Campus")
    mira = signed_in("mira", Role.ADMIN, "Campus")
    address = f"{EDIT}?organization=Campus"
    fields = {"shared_settings": "A: 1\n", "version": "0", "step": "save"}
    assert "Saved." in html(mira, address, **fields)
    assert [row.organization for row in SharedSettings.objects.all()] == ["Campus"]
    assert mira.post(EDIT, fields).status_code == 403
    assert mira.get(f"{EDIT}?organization=Nowhere").status_code == 403


def test_no_settings_are_made_for_an_organization_without_instances(admin: Client) -> None:
    assert admin.get(f"{EDIT}?organization=Nowhere").status_code == 404
