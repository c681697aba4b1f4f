"""Pages that hold, archive, restore and delete an instance."""

from django.test import Client
from django.urls import reverse

from ocim.store.models import InstanceReference, Job, OpenEdXInstance


def take(client: Client, demo: OpenEdXInstance, kind: str, **fields: str) -> str:
    address = reverse("take-step", args=[demo.pk, kind])
    return client.post(address, fields, follow=True).content.decode()


def hold(client: Client, demo: OpenEdXInstance, **fields: str) -> str:
    address = reverse("hold-instance", args=[demo.pk])
    return client.post(address, fields, follow=True).content.decode()


def page(client: Client, demo: OpenEdXInstance) -> str:
    return client.get(reverse("instance", args=[demo.pk])).content.decode()


def test_an_archiving_is_confirmed_first(admin: Client, demo: OpenEdXInstance) -> None:
    assert "Its databases, uploads" in take(admin, demo, "archive")
    assert not Job.objects.exists()
    assert "Requested" in take(admin, demo, "archive", confirmed="yes")
    assert [job.kind for job in Job.objects.all()] == ["archive"]


def test_an_archived_instance_can_be_restored(admin: Client, demo: OpenEdXInstance) -> None:
    InstanceReference.objects.update(is_archived=True)
    assert "Unarchived" in take(admin, demo, "unarchive")
    assert not InstanceReference.objects.get().is_archived


def test_a_deletion_needs_the_name(admin: Client, demo: OpenEdXInstance) -> None:
    InstanceReference.objects.update(is_archived=True)
    html = take(admin, demo, "delete", confirmed="yes", name="Dema")
    assert "The name is &#x27;Demo&#x27;, not &#x27;Dema&#x27;: nothing was deleted." in html
    assert "Deleted" in take(admin, demo, "delete", confirmed="yes", name="Demo")
    assert not OpenEdXInstance.objects.exists()


def test_an_instance_that_is_not_archived_is_not_deleted(
    admin: Client, demo: OpenEdXInstance
) -> None:
    assert "Cannot delete" in take(admin, demo, "delete", confirmed="yes", name="Demo")
    assert OpenEdXInstance.objects.exists()


def test_a_hold_is_set_and_released(admin: Client, demo: OpenEdXInstance) -> None:
    assert "exams (until 2999-01-01)" in hold(admin, demo, reason="exams", until="2999-01-01")
    assert "Released" in take(admin, demo, "release")
    assert "Release</button>" not in page(admin, demo)


def test_the_faults_of_a_hold_are_beside_their_fields(admin: Client, demo: OpenEdXInstance) -> None:
    html = hold(admin, demo, reason="exams", until="2001-01-01")
    assert "<li>2001-01-01 is in the past.</li>" in html
    assert 'value="exams"' in html
    assert "is no day" in hold(admin, demo, reason="exams", until="soon")


def test_a_viewer_is_offered_no_step(guest: Client, demo: OpenEdXInstance) -> None:
    html = page(guest, demo)
    assert "Archive" not in html
    assert 'id="edit"' not in html
    assert "Configuration</a>" in html


def test_a_maintenance_begins_with_a_text_and_ends(admin: Client, demo: OpenEdXInstance) -> None:
    address = reverse("begin-maintenance", args=[demo.pk])
    html = admin.post(address, {"message": "Back at nine."}, follow=True).content.decode()
    assert "Visitors see this instead of the site: Back at nine." in html
    assert "is-in-maintenance" in html
    assert "is-in-maintenance" in admin.get(reverse("instances")).content.decode()
    assert "The maintenance is over" in take(admin, demo, "end-maintenance")
    assert "In maintenance" not in page(admin, demo)


def test_a_text_that_is_too_long_is_refused(admin: Client, demo: OpenEdXInstance) -> None:
    address = reverse("begin-maintenance", args=[demo.pk])
    response = admin.post(address, {"message": "x" * 501})
    assert response.status_code == 422
    assert "at most 500 characters" in response.content.decode()
