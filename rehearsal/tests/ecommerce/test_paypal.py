"""PayPal's protocol, against a small sandbox."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client
from oscar.core.loading import get_model
from pytest_django import Settings

from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.core.models import SiteConfiguration, User
from rehearsal.ecommerce.refunds.models import Refund
from rehearsal.ecommerce.refunds.process import approve
from tests.ecommerce.paypal_sandbox import CLIENT, Sandbox, paypal_sandbox

Order = get_model("order", "Order")
Basket = get_model("basket", "Basket")


@pytest.fixture
def sandbox(settings: Settings, site: SiteConfiguration) -> Iterator[Sandbox]:
    with paypal_sandbox() as sandbox:
        keys = {
            "mode": "sandbox",
            "client_id": CLIENT[0],
            "client_secret": CLIENT[1],
            "api_base": sandbox.url,
        }
        settings.PAYMENT_PROCESSOR_CONFIG = {"demo": {"paypal": keys}}
        site.payment_processors = "paypal"
        site.client_side_payment_processor = ""
        site.save()
        yield sandbox


@pytest.fixture
def buyer(client: Client, learner: User, seat: Product) -> Client:
    """Return a browser with the seat in its basket."""
    client.force_login(learner)
    client.get("/basket/add/", {"sku": seat.stockrecords.get().partner_sku})
    return client


def come_back(client: Client) -> Any:
    """Pay: go to PayPal, agree, and come back."""
    begun = client.post("/payment/paypal/begin/")
    agreed = requests.get(begun.headers["Location"], allow_redirects=False, timeout=20)
    back = urlsplit(agreed.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def test_the_buyer_agrees_there_and_pays(buyer: Client, sandbox: Sandbox) -> None:
    answer = come_back(buyer)
    order = Order.objects.get()
    assert answer.headers["Location"] == f"/checkout/receipt/?order_number={order.number}"
    source = order.sources.get()
    assert (source.reference, source.label, source.amount_debited) == (
        "SALE-PAY-1",
        "PayPal buyer@example.com",
        10,
    )
    [transaction] = sandbox.payments["PAY-1"]["transactions"]
    assert transaction["amount"] == {"total": "10.00", "currency": "GBP"}
    assert transaction["invoice_number"] == order.number
    [item] = transaction["item_list"]["items"]
    assert (item["quantity"], item["price"]) == (1, "10.00")


def test_the_money_goes_back_by_the_sale(buyer: Client, sandbox: Sandbox, learner: User) -> None:
    come_back(buyer)
    order = Order.objects.get()
    refund = Refund.objects.create(
        order=order, user=learner, total_credit_excl_tax=10, currency="GBP", status="Open"
    )
    assert approve(refund)
    assert sandbox.refunds == [("SALE-PAY-1", {"amount": {"total": "10.00", "currency": "GBP"}})]
    assert order.sources.get().amount_refunded == 10


def test_who_comes_back_twice_pays_once(buyer: Client, sandbox: Sandbox) -> None:
    come_back(buyer)
    again = buyer.get("/payment/paypal/execute/?paymentId=PAY-1&PayerID=PAYER")
    assert again.status_code == 400
    assert Order.objects.count() == 1


def test_a_payment_that_is_not_made_leaves_the_basket(buyer: Client, sandbox: Sandbox) -> None:
    sandbox.state = "failed"
    assert come_back(buyer).headers["Location"] == "/basket/"
    assert Basket.objects.get().status == Basket.OPEN
    assert not Order.objects.exists()


def test_a_basket_that_has_changed_meanwhile_is_not_sold(
    buyer: Client, sandbox: Sandbox, seat: Product
) -> None:
    begun = buyer.post("/payment/paypal/begin/")
    assert begun.status_code == 302
    seat.stockrecords.update(price=12)
    answer = buyer.get("/payment/paypal/execute/?paymentId=PAY-1&PayerID=PAYER")
    assert answer.status_code == 502
    assert not Order.objects.exists()


def test_nobody_pays_with_somebody_elses_payment(
    buyer: Client, sandbox: Sandbox, staff: User
) -> None:
    buyer.post("/payment/paypal/begin/")
    buyer.force_login(staff)
    answer = buyer.get("/payment/paypal/execute/?paymentId=PAY-1&PayerID=PAYER")
    assert answer.status_code == 404


def test_a_wrong_secret_is_told_without_it(
    buyer: Client, sandbox: Sandbox, settings: Settings
) -> None:
    settings.PAYMENT_PROCESSOR_CONFIG["demo"]["paypal"]["client_secret"] = "a guess"
    answer = buyer.post("/payment/paypal/begin/")
    assert answer.status_code == 502
    assert "401" in answer.content.decode()
    assert "a guess" not in answer.content.decode()
