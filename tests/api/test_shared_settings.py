"""Settings that several instances share, in the API."""

from ocim.core.access import Role
from ocim.store.models import OpenEdXInstance, SharedSettings
from tests.api.client import Api, account

ADDRESS = "/shared-settings"
TEXT = "EDXAPP_TIME_ZONE: UTC\nSMTP_PASSWORD: unspoken\n"


def test_settings_are_replaced_by_who_has_read_them(admin: Api, demo: OpenEdXInstance) -> None:
    present = admin.get(ADDRESS)
    assert present.json() == {"organization": "", "text": "", "version": 0, "instances": 1}
    assert admin.put(ADDRESS, {"text": TEXT}).status_code == 428
    answer = admin.put(ADDRESS, {"text": TEXT}, if_match=present["ETag"])
    assert answer.status_code == 200
    assert answer.json()["version"] == 1
    assert admin.put(ADDRESS, {"text": ""}, if_match=present["ETag"]).status_code == 412
    assert SharedSettings.objects.get().text == TEXT


def test_secrets_are_shown_to_those_who_ask_and_may(admin: Api, demo: OpenEdXInstance) -> None:
    admin.put(ADDRESS, {"text": TEXT}, if_match="*")
    assert "unspoken" not in admin.get(ADDRESS).json()["text"]
    assert admin.get(f"{ADDRESS}?secrets=true").json()["text"] == TEXT
    viewer = account("viewer", Role.VIEWER)
    assert "UTC" in viewer.get(ADDRESS).json()["text"]
    assert viewer.get(f"{ADDRESS}?secrets=true").status_code == 403


def test_all_faults_are_told_with_their_places(admin: Api, demo: OpenEdXInstance) -> None:
    answer = admin.put(ADDRESS, {"text": "A b: 1\nansible_user: x\n"}, if_match="*")
    assert answer.status_code == 422
    assert [fault.get("line") for fault in answer.json()["errors"]] == [1, 2]


def test_an_admin_of_an_organization_changes_its_settings_alone(demo: OpenEdXInstance) -> None:
    demo.ref_set.organization = "Campus"
    demo.ref_set.save()
    mira = account("mira", Role.ADMIN, "Campus")
    own = f"{ADDRESS}?organization=Campus"
    assert mira.put(own, {"text": "A: 1\n"}, if_match="*").status_code == 200
    assert mira.put(ADDRESS, {"text": "A: 1\n"}, if_match="*").status_code == 403
    assert mira.get(ADDRESS).status_code == 403
    assert mira.get(own).json()["text"] == "A: 1\n"
