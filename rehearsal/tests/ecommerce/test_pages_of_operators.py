import pytest
from django.test import Client
from waffle import switch_is_active

from rehearsal.ecommerce.core.models import SiteConfiguration, User


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("root", "root@example.com", "x"))
    return client


def test_the_site_configuration_can_be_edited(operator: Client, site: SiteConfiguration) -> None:
    page = operator.get(f"/admin/core/siteconfiguration/{site.pk}/change/")
    assert page.status_code == 200
    fields = page.context["adminform"].form.initial
    changed = {
        **{name: "" if value is None else value for name, value in fields.items()},
        "oauth_settings": "{}",
        "from_email": "new@example.com",
    }
    answer = operator.post(f"/admin/core/siteconfiguration/{site.pk}/change/", changed)
    assert answer.status_code == 302, answer.content.decode()
    site.refresh_from_db()
    assert site.from_email == "new@example.com"


@pytest.mark.parametrize(
    "processors, client_side", [("nonsense", ""), ("test-card", "stripe"), ("", "test-card")]
)
def test_the_admin_refuses_processors_that_there_are_not(
    processors: str, client_side: str, operator: Client, site: SiteConfiguration
) -> None:
    site.payment_processors, site.client_side_payment_processor = processors, client_side
    fields = {
        "site": site.site_id,
        "partner": site.partner_id,
        "lms_url_root": site.lms_url_root,
        "discovery_api_url": site.discovery_api_url,
        "payment_processors": processors,
        "client_side_payment_processor": client_side,
        "oauth_settings": "{}",
    }
    answer = operator.post(f"/admin/core/siteconfiguration/{site.pk}/change/", fields)
    assert answer.status_code == 200
    assert answer.context["errors"]


@pytest.mark.parametrize(
    "path",
    ["core/user", "partner/partner", "catalogue/product", "order/order", "voucher/voucher"],
)
def test_every_kind_of_record_has_its_page(path: str, operator: Client) -> None:
    assert operator.get(f"/admin/{path}/").status_code == 200


def test_operators_sign_in_through_the_lms(client: Client, site: SiteConfiguration) -> None:
    answer = client.get("/admin/", follow=False)
    assert client.get(answer.headers["Location"]).headers["Location"] == "/login?next=/admin/"


@pytest.mark.django_db
def test_processors_are_switched_on_at_first() -> None:
    assert switch_is_active("payment_processor_active_paypal")
    assert switch_is_active("publish_course_modes_to_lms")


@pytest.mark.django_db
def test_the_health_page_tells_of_a_fault(client: Client) -> None:
    assert client.get("/health/").json() == {
        "overall_status": "OK",
        "detailed_status": {"database_status": "OK"},
    }
