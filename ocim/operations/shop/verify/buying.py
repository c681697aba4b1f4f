"""Payments, each in its processor's sandbox."""

from collections.abc import Callable, Mapping
from typing import Any

from ocim.catalog.shop.processors import TEST_CARD
from ocim.catalog.shop.shop import keys_by_partner
from ocim.core.instance import Service
from ocim.core.pages import Page
from ocim.core.secrets import revealed
from ocim.operations.shop.verify.lines import Failed, failed, require, skipped
from ocim.operations.shop.verify.scene import Scene
from ocim.ports.browsers import Browser

CARD = "4242424242424242"
"""Card number that the rehearsal's test card and Stripe's test mode accept."""
STRIPE_API = "https://api.stripe.com"
STRIPE_TOKEN = "tok_visa"  # noqa: S105 - everybody's, for tests
"""Token that Stripe's test mode accepts for a card."""
RECEIPT = "/checkout/receipt/"


def keys_of(scene: Scene, processor: str) -> Mapping[str, Any]:
    """Return the keys of a payment processor of the shop."""
    of_partner = keys_by_partner(scene.variables).get(scene.shop.partner_code.lower()) or {}
    return of_partner.get(processor) or {}


def pay(scene: Scene, browser: Browser, processor: str, sku: str) -> Page:
    """Add the seat to the basket and pay for it. Return the last page. Raise Failed on a fault."""
    basket = browser.request("GET", scene.url(Service.ECOMMERCE, f"/basket/add/?sku={sku}"))
    require("purchase: basket", basket, remedy=_basket_remedy(scene))
    if processor == "stripe" and scene.traits.payment_intents:
        return _with_intent(scene, browser, sku)
    return WAYS[processor](scene, browser, sku)


def _with_test_card(scene: Scene, browser: Browser, sku: str) -> Page:
    url = scene.url(Service.ECOMMERCE, f"/payment/{TEST_CARD}/submit/")
    return browser.request("POST", url, form={"card_number": CARD})


def _with_stripe(scene: Scene, browser: Browser, sku: str) -> Page:
    keys = revealed(keys_of(scene, "stripe"))
    card = {
        "card[number]": CARD,
        "card[exp_month]": "12",
        "card[exp_year]": str(scene.context.now().year + 1),
        "card[cvc]": "123",
    }
    made = browser.request(
        "POST",
        f"{str(keys.get('api_base') or STRIPE_API).rstrip('/')}/v1/tokens",
        form={"key": str(keys["publishable_key"]), **card},
    )
    # Accounts may refuse numbers that do not come from Stripe's own form; this token is for them.
    token = made.data["id"] if made.status == 200 else STRIPE_TOKEN  # noqa: PLR2004
    # The page of the basket does not show its id in every release; this call tells that of another.
    wanted = {"products": [{"sku": sku}], "checkout": False}
    url = scene.url(Service.ECOMMERCE, "/api/v2/baskets/")
    basket = require(_STRIPE, browser.request("POST", url, json=wanted), remedy=scene.repair)
    form = {"stripe_token": str(token), "basket": str(basket.data["id"])}
    url = scene.url(Service.ECOMMERCE, "/payment/stripe/submit/")
    return _receipt_of(browser, browser.request("POST", url, form=form), "url")


def _with_intent(scene: Scene, browser: Browser, sku: str) -> Page:
    """Pay as the payment microfrontend does from palm on, in Stripe's own name at its end."""
    keys = revealed(keys_of(scene, "stripe"))
    api = str(keys.get("api_base") or STRIPE_API).rstrip("/")
    authorized = {"Authorization": f"Bearer {keys['secret_key']}"}
    url = scene.url(Service.ECOMMERCE, "/bff/payment/v0/capture-context/")
    context = require(
        _STRIPE,
        browser.request("GET", url),
        remedy="The shop makes no payment intent: its site configuration has to name stripe as the"
        f" client side payment processor, and Stripe to accept its secret key. {scene.repair}",
    )
    intent = str(context.data["capture_context"]["key_id"]).partition("_secret_")[0]
    at_stripe = "Stripe refuses the shop's keys: compare them with the dashboard of its test mode."
    card = {"type": "card", "card[token]": STRIPE_TOKEN, **_BILLED}
    made = browser.request("POST", f"{api}/v1/payment_methods", form=card, headers=authorized)
    method = {"payment_method": str(require(_STRIPE, made, remedy=at_stripe).data["id"])}
    attached = browser.request(
        "POST", f"{api}/v1/payment_intents/{intent}", form=method, headers=authorized
    )
    require(_STRIPE, attached, remedy=at_stripe)
    url = scene.url(Service.ECOMMERCE, "/payment/stripe/checkout/")
    form = {"payment_intent_id": intent, "skus": sku}
    return _receipt_of(browser, browser.request("POST", url, form=form), "receipt_page_url")


_STRIPE = "purchase: payment with stripe"
_BILLED = {
    "billing_details[name]": "Ocim Verify",
    "billing_details[address][line1]": "1 Test Street",
    "billing_details[address][city]": "London",
    "billing_details[address][country]": "GB",
    "billing_details[address][postal_code]": "SW1A 1AA",
}


def _receipt_of(browser: Browser, paid: Page, name: str) -> Page:
    """Return the receipt to which the script of the page leads; the answer, if it has none."""
    data = paid.data if isinstance(paid.data, dict) else {}
    return browser.request("GET", str(data[name])) if data.get(name) else paid


def _with_paypal(scene: Scene, browser: Browser, sku: str) -> Page:
    name = "purchase: payment with paypal"
    wanted = {"products": [{"sku": sku}], "checkout": True, "payment_processor_name": "paypal"}
    begun = require(
        name,
        browser.request("POST", scene.url(Service.ECOMMERCE, "/api/v2/baskets/"), json=wanted),
        200,
        201,
        remedy="The shop cannot begin a payment at PayPal: compare client_id and client_secret"
        " with the sandbox application at developer.paypal.com.",
    )
    approval = ((begun.data or {}).get("payment_data") or {}).get("payment_page_url")
    if not approval:
        raise Failed(failed(name, "no address to approve the payment at", scene.repair, begun))
    page = browser.request("GET", str(approval))
    if not page.url.startswith(scene.url(Service.ECOMMERCE)):
        person = "A person has to approve it: sign in there with a sandbox account of PayPal's."
        raise Failed(skipped(name, "begun; PayPal waits for a buyer to agree", person, page))
    return page


WAYS: Mapping[str, Callable[[Scene, Browser, str], Page]] = {
    TEST_CARD: _with_test_card,
    "stripe": _with_stripe,
    "paypal": _with_paypal,
}


def _basket_remedy(scene: Scene) -> str:
    return (
        "The shop's log says more. Status 500 here means that a payment processor has no keys"
        f" under the partner's code in lower case, {scene.shop.partner_code.lower()!r}: the code"
        f" was changed in the shop's admin, or keys are missing. {scene.repair}"
    )
