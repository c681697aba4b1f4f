"""The page that creates an instance."""

import pytest
from django.test import Client
from django.urls import reverse

from ocim.core.access import Role
from ocim.store.models import DatabaseServer, LoadBalancingServer, OpenEdXInstance
from tests.web.conftest import signed_in

ADDRESS = "/instances/new/"


@pytest.fixture(autouse=True)
def servers(db: None) -> None:
    LoadBalancingServer.objects.create(name="balancer", kind="caddy")
    DatabaseServer.objects.create(name="databases", kind="sqlite", directory="/nowhere")


def create(client: Client, status: int = 302, **fields: str) -> str:
    typed = {
        "internal_lms_domain": "north.example.com",
        "openedx_release": "open-release/juniper.2",
    }
    response = client.post(ADDRESS, {"step": "create", "provider": "local", **typed, **fields})
    assert response.status_code == status
    return response.content.decode()


def test_name_and_address_follow_from_the_domain(admin: Client) -> None:
    create(admin)
    instance = OpenEdXInstance.objects.get()
    assert (instance.name, instance.email) == ("north.example.com", "contact@north.example.com")
    assert str(instance.ref_set.creator) == "admin"


def test_the_addresses_are_shown_while_the_domain_is_typed(admin: Client) -> None:
    typed = {"internal_lms_domain": "north.example.com"}
    html = admin.get(reverse("derived-addresses"), typed).content.decode()
    assert "studio.north.example.com" in html
    assert "<html" not in html


def test_the_addresses_are_shown_without_javascript_too(admin: Client) -> None:
    html = admin.post(ADDRESS, {"step": "look", "internal_lms_domain": "north.example.com"})
    assert "ecommerce.north.example.com" in html.content.decode()
    assert not OpenEdXInstance.objects.exists()


def test_all_faults_are_told_and_what_was_typed_stays(admin: Client) -> None:
    html = create(admin, 422, internal_lms_domain="north", email="nobody", name="North")
    assert "2 faults" in html
    assert 'value="North"' in html
    assert "Enter a valid email address." in html


def test_a_domain_of_another_instance_is_refused(admin: Client) -> None:
    create(admin)
    assert "north.example.com is a name of" in create(admin, 422)


def test_it_is_told_if_no_server_accepts_instances(admin: Client) -> None:
    LoadBalancingServer.objects.update(accepts_new_clients=False)
    assert "No load balancing server accepts new clients." in create(admin, 422)


def test_an_admin_of_an_organization_creates_for_it_alone() -> None:
    north = signed_in("north", Role.ADMIN, "North")
    assert 'value="North" selected' in north.get(ADDRESS).content.decode()
    create(north, 403, organization="")
    create(north, organization="North")
    assert OpenEdXInstance.objects.get().ref_set.organization == "North"


def test_provisioner_and_hosts_follow_from_the_release_unless_they_are_chosen(
    admin: Client,
) -> None:
    create(admin, provider="")
    instance = OpenEdXInstance.objects.get()
    assert (instance.provisioner, instance.provider) == ("ansible", "local")
    html = create(admin, 422, internal_lms_domain="south.example.com", provisioner="tutor")
    assert "this installation has no tutor" in html
