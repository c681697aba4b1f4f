"""The basket and its coupons, with an LMS that is down."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from oscar.core.loading import get_model
from pytest_django import Settings

from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.core.models import SiteConfiguration, User
from rehearsal.ecommerce.coupons.create import Voucher, Wanted, create_coupon
from rehearsal.ecommerce.payments.test_card import GOOD

Order = get_model("order", "Order")


@pytest.fixture
def buyer(client: Client, learner: User) -> Client:
    client.force_login(learner)
    return client


def put(client: Client, seat: Product) -> str:
    """Return the page of a basket with the seat in it."""
    sku = seat.stockrecords.get().partner_sku
    return client.get("/basket/add/", {"sku": sku}, follow=True).content.decode()


def pay(client: Client, card: str = GOOD) -> Any:
    return client.post("/payment/test-card/submit/", {"card_number": card})


def voucher(seat: Product, site: SiteConfiguration, **changes: Any) -> str:
    """Create a coupon of ten percent. Return its code."""
    now = timezone.now()
    wanted = {
        "title": "Ten",
        "client": "",
        "category": "Other",
        "note": "",
        "benefit_type": "Percentage",
        "benefit_value": Decimal(10),
        "voucher_type": Voucher.MULTI_USE,
        "code": "TEN",
        "quantity": 1,
        "max_uses": None,
        "start": now - timedelta(days=1),
        "end": now + timedelta(days=1),
        "price": Decimal(0),
        "seats": (seat,),
        **changes,
    }
    return str(create_coupon(Wanted(**wanted), site).vouchers.get().code)


def test_an_anonymous_buyer_signs_in_first(client: Client, seat: Product) -> None:
    answer = client.get("/basket/add/?sku=X")
    assert answer.headers["Location"].startswith("/login?next=/basket/add/")


@pytest.mark.parametrize(
    "path, said",
    [
        ("/basket/add/", "No SKUs provided."),
        ("/basket/add/?sku=X", "Products with SKU(s) [X] do not exist."),
        ("/basket/single-item/?sku=X", "do not exist"),
    ],
)
def test_what_is_not_sold_is_not_put_into_the_basket(
    path: str, said: str, buyer: Client, site: SiteConfiguration
) -> None:
    answer = buyer.get(path)
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_a_seat_whose_sale_is_over(buyer: Client, seat: Product) -> None:
    seat.expires = timezone.now() - timedelta(days=1)
    seat.save()
    assert "no longer for sale" in put(buyer, seat)


def test_prices_are_in_the_shops_currency(buyer: Client, seat: Product) -> None:
    assert "£10.00" in put(buyer, seat)
    seat.stockrecords.update(price_currency="JPY", price=1000)
    assert "¥1,000" in put(buyer, seat)


def test_a_coupon_lowers_the_price_until_it_is_taken_back(
    buyer: Client, seat: Product, site: SiteConfiguration
) -> None:
    put(buyer, seat)
    code = voucher(seat, site)
    page = buyer.post("/basket/vouchers/add/", {"code": code.lower()}, follow=True)
    assert "£9.00" in page.content.decode()
    Voucher.objects.all().delete()
    assert "£9.00" not in buyer.get("/basket/").content.decode()


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"end": timezone.now() - timedelta(hours=1)}, "has expired"),
        ({"start": timezone.now() + timedelta(hours=1)}, "is not yet active"),
        ({"seats": ()}, "is not valid for this basket"),
    ],
)
def test_a_coupon_of_no_use_says_why(
    changes: dict[str, Any], said: str, buyer: Client, seat: Product, site: SiteConfiguration
) -> None:
    put(buyer, seat)
    code = voucher(seat, site, **changes)
    page = buyer.post("/basket/vouchers/add/", {"code": code}, follow=True).content.decode()
    assert said in page
    assert "£9.00" not in page


def test_a_coupon_is_used_as_often_as_it_says(
    buyer: Client, seat: Product, site: SiteConfiguration, staff: User
) -> None:
    code = voucher(seat, site, max_uses=1)
    put(buyer, seat)
    buyer.post("/basket/vouchers/add/", {"code": code})
    pay(buyer)
    assert Order.objects.get().total_incl_tax == 9
    buyer.force_login(staff)
    put(buyer, seat)
    page = buyer.post("/basket/vouchers/add/", {"code": code}, follow=True)
    assert "has already been used" in page.content.decode()


def test_one_customer_uses_a_coupon_once(
    buyer: Client, seat: Product, site: SiteConfiguration, staff: User
) -> None:
    code = voucher(seat, site, voucher_type=Voucher.ONCE_PER_CUSTOMER)
    for user, total in ((staff, 9), (User.objects.create_user("max"), 9)):
        buyer.force_login(user)
        put(buyer, seat)
        buyer.post("/basket/vouchers/add/", {"code": code})
        pay(buyer)
        assert Order.objects.get(user=user).total_incl_tax == total


def test_what_is_not_free_is_not_had_for_nothing(buyer: Client, seat: Product) -> None:
    put(buyer, seat)
    assert buyer.post("/checkout/free-checkout/").status_code == 400
    assert not Order.objects.exists()


def test_an_empty_basket_is_not_paid(buyer: Client, site: SiteConfiguration) -> None:
    assert pay(buyer).status_code == 400


def test_a_processor_that_the_site_does_not_have_takes_nothing(
    buyer: Client, seat: Product
) -> None:
    put(buyer, seat)
    assert buyer.post("/payment/paypal/begin/").status_code == 404
    assert buyer.post("/payment/test-card/begin/").status_code == 404


@pytest.mark.parametrize("configured", [{}, {"demo": {}}, {"DEMO": {"test-card": {}}}])
def test_keys_missing_for_the_partner_in_lower_case_are_a_server_error(
    configured: dict[str, Any], client: Client, learner: User, seat: Product, settings: Settings
) -> None:
    settings.PAYMENT_PROCESSOR_CONFIG = configured
    client.raise_request_exception = False
    client.force_login(learner)
    client.get("/basket/add/", {"sku": seat.stockrecords.get().partner_sku})
    assert client.get("/basket/").status_code == 500


def test_an_lms_that_is_down_leaves_the_order_to_be_tried_again(
    buyer: Client, seat: Product
) -> None:
    put(buyer, seat)
    receipt = buyer.get(pay(buyer).headers["Location"]).content.decode()
    assert "not enrolled yet" in receipt
    order = Order.objects.get()
    assert (order.status, order.lines.get().status) == (
        "Fulfillment Error",
        "Fulfillment Network Error",
    )


def test_staff_retries_an_order_at_its_page_of_the_dashboard(
    buyer: Client, seat: Product, staff: User
) -> None:
    put(buyer, seat)
    pay(buyer)
    page = f"/dashboard/orders/{Order.objects.get().number}/"
    assert buyer.get(page).status_code == 302
    buyer.force_login(staff)
    assert "Retry Fulfillment" in buyer.get(page).content.decode()
    assert "Failed to fulfill order" in buyer.post(page, follow=True).content.decode()
    Order.objects.update(status="Complete")
    assert "Retry Fulfillment" not in buyer.get(page).content.decode()


def test_without_the_shared_key_nobody_is_enrolled(
    buyer: Client, seat: Product, settings: Settings
) -> None:
    settings.EDX_API_KEY = ""
    put(buyer, seat)
    pay(buyer)
    assert Order.objects.get().lines.get().status == "Fulfillment Configuration Error"


def test_order_numbers_begin_with_the_partners_code(buyer: Client, seat: Product) -> None:
    put(buyer, seat)
    pay(buyer)
    order = Order.objects.get()
    assert order.number == f"DEMO-{100000 + order.basket_id}"


def test_a_coupon_cannot_be_redeemed_while_the_lms_is_down(
    buyer: Client, seat: Product, site: SiteConfiguration
) -> None:
    code = voucher(seat, site)
    sku = seat.stockrecords.get().partner_sku
    site.oauth_settings["BACKEND_SERVICE_EDX_OAUTH2_KEY"] = "key"
    site.oauth_settings["BACKEND_SERVICE_EDX_OAUTH2_SECRET"] = "secret"
    site.save()
    answer = buyer.get("/coupons/redeem/", {"code": code, "sku": sku})
    assert answer.status_code == 502
    assert "could not be looked up" in answer.content.decode()


def test_another_service_may_have_the_basket(
    buyer: Client, seat: Product, site: SiteConfiguration
) -> None:
    site.enable_microfrontend_for_basket_page = True
    site.payment_microfrontend_url = "https://pay.example.com/payment"
    site.save()
    sku = seat.stockrecords.get().partner_sku
    answer = buyer.get("/basket/add/", {"sku": sku})
    assert answer.headers["Location"] == "https://pay.example.com/payment"
