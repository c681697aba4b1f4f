"""The page that clones an instance."""

from django.test import Client
from django.urls import reverse

from ocim.store.models import Job, OpenEdXInstance


def clone(client: Client, demo: OpenEdXInstance, **fields: str) -> str:
    address = reverse("clone-instance", args=[demo.pk])
    typed = {"step": "create", "internal_lms_domain": "staging.example.com", **fields}
    return client.post(address, typed, follow=True).content.decode()


def test_a_clone_is_created_and_its_page_shown(admin: Client, demo: OpenEdXInstance) -> None:
    assert "with the settings of Demo" in clone(admin, demo)
    made = OpenEdXInstance.objects.exclude(pk=demo.pk).get()
    assert (made.name, made.email) == ("staging.example.com", "contact@staging.example.com")
    assert not Job.objects.exists()


def test_databases_are_copied_by_a_job(admin: Client, demo: OpenEdXInstance) -> None:
    assert "Waiting: copying the databases" in clone(admin, demo, data="on")
    assert [job.kind for job in Job.objects.all()] == ["clone"]


def test_faults_are_told_beside_their_fields(admin: Client, demo: OpenEdXInstance) -> None:
    html = clone(admin, demo, internal_lms_domain="demo.localhost", data="on")
    assert "demo.localhost is a name of" in html
    assert 'id="data" checked' in html
