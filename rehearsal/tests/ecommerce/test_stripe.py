"""Stripe's protocol, by its own library, against the localstripe server."""

import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.test import Client
from oscar.core.loading import get_model
from pytest_django import Settings

from rehearsal.common.releases import parse
from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.core.models import SiteConfiguration, User
from rehearsal.ecommerce.payments.stripe import KEYS_SINCE_PALM, in_smallest_unit
from rehearsal.ecommerce.refunds.models import Refund
from rehearsal.ecommerce.refunds.process import approve
from tests.processes import free_port

Basket, Order = get_model("basket", "Basket"), get_model("order", "Order")
# It would keep what it is told in a file that all of its kind share.
SERVER = (
    "import sys\n"
    "from localstripe import resources, server\n"
    "resources.Store.dump_to_disk = lambda self: None\n"
    "server.start()"
)
SECRET, PUBLISHABLE = "sk_test_12345", "pk_test_12345"


@pytest.fixture(scope="module")
def localstripe() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER, "--from-scratch", f"--port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                requests.get(url, timeout=20)
                break
            except requests.ConnectionError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def stripe_shop(site: SiteConfiguration, settings: Settings, localstripe: str) -> None:
    settings.RELEASE = parse("juniper.2")
    keys = {
        "publishable_key": PUBLISHABLE,
        "secret_key": SECRET,
        "country": "GB",
        "api_base": localstripe,
    }
    settings.PAYMENT_PROCESSOR_CONFIG = {"demo": {"stripe": keys}}
    site.payment_processors = site.client_side_payment_processor = "stripe"
    site.save()


@pytest.fixture
def buyer(client: Client, learner: User, seat: Product, stripe_shop: None) -> Client:
    """Return a browser with the seat in its basket."""
    client.force_login(learner)
    client.get("/basket/add/", {"sku": seat.stockrecords.get().partner_sku})
    return client


def token(localstripe: str, number: str) -> str:
    """Return the token that Stripe's JavaScript gets for a card."""
    card = {"number": number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
    answer = requests.post(
        f"{localstripe}/v1/tokens",
        {"key": PUBLISHABLE, **{f"card[{name}]": value for name, value in card.items()}},
        timeout=20,
    )
    return str(answer.json()["id"])


def test_a_card_is_charged_and_the_money_goes_back(
    buyer: Client, localstripe: str, learner: User
) -> None:
    answer = submit(buyer, token(localstripe, "4242424242424242"))
    order = Order.objects.get()
    assert answer.status_code == 201
    assert answer.json()["url"].endswith(f"/checkout/receipt/?order_number={order.number}")
    charge = charge_of(order, localstripe)
    assert (charge["amount"], charge["currency"], charge["description"]) == (
        1000,
        "gbp",
        order.number,
    )
    refund = Refund.objects.create(
        order=order,
        user=learner,
        total_credit_excl_tax=Decimal(10),
        currency="GBP",
        status="Open",
    )
    assert approve(refund)
    assert charge_of(order, localstripe)["amount_refunded"] == 1000


def submit(buyer: Client, token: str) -> Any:
    basket = Basket.objects.get()
    return buyer.post("/payment/stripe/submit/", {"stripe_token": token, "basket": basket.pk})


def charge_of(order: object, localstripe: str) -> dict[str, object]:
    reference = Order.objects.get(pk=getattr(order, "pk", None)).sources.get().reference
    answer = requests.get(f"{localstripe}/v1/charges/{reference}", auth=(SECRET, ""), timeout=20)
    return dict(answer.json())


@pytest.mark.parametrize("number", ["4000000000000002", "4000000000000341"])
def test_a_card_that_is_declined_leaves_the_basket(
    number: str, buyer: Client, localstripe: str
) -> None:
    answer = submit(buyer, token(localstripe, number))
    assert (answer.status_code, answer.json()) == (400, {})
    assert not Order.objects.exists()
    assert "Demonstration" in buyer.get("/basket/").content.decode()


def test_a_token_that_there_is_not_is_no_fault_of_the_card(buyer: Client) -> None:
    assert submit(buyer, "tok_unknown").status_code == 400
    assert not Order.objects.exists()


def test_the_form_needs_the_id_of_the_basket(buyer: Client, localstripe: str) -> None:
    fields = {"stripe_token": token(localstripe, "4242424242424242")}
    answer = buyer.post("/payment/stripe/submit/", fields)
    assert answer.status_code == 400
    assert answer.json()["field_errors"] == {"basket": "This field is required."}


def test_the_basket_brings_stripes_javascript(buyer: Client) -> None:
    page = buyer.get("/basket/").content.decode()
    assert "https://js.stripe.com/v3/" in page
    assert PUBLISHABLE in page
    assert SECRET not in page


@pytest.mark.parametrize("currency, amount", [("GBP", 1050), ("JPY", 10), ("KWD", 10500)])
def test_amounts_are_in_the_currencys_smallest_unit(currency: str, amount: int) -> None:
    price = Decimal(10) if currency == "JPY" else Decimal("10.50")
    assert in_smallest_unit(price, currency) == amount


# From palm on: payment intents.


@pytest.fixture
def buyer_of_palm(buyer: Client, settings: Settings) -> Client:
    settings.RELEASE = parse("palm.1")
    keys = settings.PAYMENT_PROCESSOR_CONFIG["demo"]["stripe"]
    keys |= dict.fromkeys(KEYS_SINCE_PALM) | {"publishable_key": PUBLISHABLE, "secret_key": SECRET}
    return buyer


def with_card(intent: str, localstripe: str, *, country: str) -> None:
    """Let the payment intent have a card, as the payment microfrontend does."""

    def ask(path: str, **fields: str) -> Any:
        return requests.post(f"{localstripe}/v1/{path}", fields, auth=(SECRET, ""), timeout=20)

    card = {"number": "4242424242424242", "exp_month": "12", "exp_year": "2040", "cvc": "123"}
    fields = {f"card[{name}]": value for name, value in card.items()}
    if country:
        fields["billing_details[address][country]"] = country
    method = ask("payment_methods", type="card", **fields).json()
    answer = ask(f"payment_intents/{intent}", payment_method=method["id"])
    assert answer.status_code == 200, answer.text


def intent_of(buyer: Client) -> str:
    answer = buyer.get("/bff/payment/v0/capture-context/")
    return str(answer.json()["capture_context"]["key_id"]).partition("_secret_")[0]


def test_palm_takes_a_payment_intent_and_gives_its_money_back(
    buyer_of_palm: Client, localstripe: str, learner: User, seat: Product
) -> None:
    intent = intent_of(buyer_of_palm)
    assert intent_of(buyer_of_palm) == intent
    with_card(intent, localstripe, country="GB")
    fields = {"payment_intent_id": intent, "skus": seat.stockrecords.get().partner_sku}
    answer = buyer_of_palm.post("/payment/stripe/checkout/", fields)
    order = Order.objects.get()
    assert answer.status_code == 201
    assert answer.json()["receipt_page_url"].endswith(f"?order_number={order.number}")
    refund = Refund.objects.create(
        order=order, user=learner, total_credit_excl_tax=Decimal(10), currency="GBP", status="Open"
    )
    assert approve(refund)


def test_palm_needs_the_country_of_the_bill(buyer_of_palm: Client, localstripe: str) -> None:
    intent = intent_of(buyer_of_palm)
    with_card(intent, localstripe, country="")
    with pytest.raises(KeyError, match="country"):
        buyer_of_palm.post("/payment/stripe/checkout/", {"payment_intent_id": intent})
    assert not Order.objects.exists()


def test_palm_refuses_skus_that_are_not_in_the_basket(buyer_of_palm: Client) -> None:
    fields = {"payment_intent_id": intent_of(buyer_of_palm), "skus": "ANOTHER"}
    answer = buyer_of_palm.post("/payment/stripe/checkout/", fields)
    assert (answer.status_code, answer.json()) == (400, {"sku_error": True})


def test_palm_knows_no_other_intents(buyer_of_palm: Client) -> None:
    answer = buyer_of_palm.post("/payment/stripe/checkout/", {"payment_intent_id": "pi_1"})
    assert answer.headers["Location"] == "/checkout/error/"


def test_palms_address_for_tokens_is_left_and_broken(
    buyer_of_palm: Client, localstripe: str
) -> None:
    with pytest.raises(KeyError, match="payment_intent_id"):
        submit(buyer_of_palm, token(localstripe, "4242424242424242"))


@pytest.mark.parametrize("missing", KEYS_SINCE_PALM)
def test_palm_looks_for_every_key_at_checkout(
    missing: str, buyer_of_palm: Client, settings: Settings
) -> None:
    del settings.PAYMENT_PROCESSOR_CONFIG["demo"]["stripe"][missing]
    with pytest.raises(KeyError, match=missing):
        buyer_of_palm.get("/basket/")
