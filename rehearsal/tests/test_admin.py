import pytest
from django.test import Client
from oauth2_provider.models import Application

from rehearsal.edxapp.commerce.models import CommerceConfiguration


@pytest.mark.parametrize(
    "page",
    [
        "auth/user/",
        "auth/user/1/change/",
        "oauth2_provider/application/",
        "oauth2_provider/application/add/",
        "commerce/commerceconfiguration/add/",
        "course_modes/coursemode/add/",
        "course_overviews/courseoverview/",
        "organizations/organization/add/",
        "student/courseenrollment/add/",
    ],
)
def test_the_admin_knows_what_operators_look_for(page: str, admin_client: Client) -> None:
    response = admin_client.get(f"/admin/{page}")
    assert response.status_code == 200
    assert "open-release/sumac.1" in response.content.decode()


def test_the_old_address_of_the_clients_leads_to_the_new_one(admin_client: Client) -> None:
    response = admin_client.get("/admin/oauth2/client/")
    assert response.headers["Location"] == "/admin/oauth2_provider/application/"


def test_a_new_clients_secret_can_be_read_again(admin_client: Client) -> None:
    form = admin_client.get("/admin/oauth2_provider/application/add/").context["adminform"].form
    admin_client.post(
        "/admin/oauth2_provider/application/add/",
        {
            **{key: value for key, value in form.initial.items() if value is not None},
            "client_id": "made-by-hand",
            "client_secret": "to be read again",
            "hash_client_secret": "",
            "client_type": "confidential",
            "authorization_grant_type": "client-credentials",
            "access-TOTAL_FORMS": "0",
            "access-INITIAL_FORMS": "0",
        },
    )
    assert form.initial["hash_client_secret"] is False
    assert Application.objects.get(client_id="made-by-hand").client_secret == "to be read again"


def test_the_admin_notes_who_changed_the_commerce_configuration(admin_client: Client) -> None:
    admin_client.post(
        "/admin/commerce/commerceconfiguration/add/",
        {
            "checkout_on_ecommerce_service": "on",
            "basket_checkout_page": "/basket/add/",
            "receipt_page": "/receipt/",
            "cache_ttl": "0",
        },
    )
    current = CommerceConfiguration.current()
    assert current.checkout_on_ecommerce_service
    assert current.changed_by is not None
    assert current.changed_by.username == "admin"
