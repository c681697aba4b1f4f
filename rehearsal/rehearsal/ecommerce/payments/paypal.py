"""PayPal, by its payments API, version 1: the buyer agrees there, and then the payment is made."""

from decimal import Decimal
from typing import Any

import requests
from babel.numbers import get_currency_precision

from rehearsal.ecommerce.payments.models import PaymentProcessorResponse
from rehearsal.ecommerce.payments.processors import (
    AwayProcessor,
    Declined,
    GatewayError,
    Payment,
)

APIS = {"sandbox": "https://api.sandbox.paypal.com", "live": "https://api.paypal.com"}
TIMEOUT = 30


class PayPal(AwayProcessor):
    """Keys: `mode` (sandbox or live), `client_id`, `client_secret`.

    `api_base` may say another address than PayPal's own, for rehearsals.
    """

    NAME = "paypal"

    def read_keys(self) -> None:
        self.account = (self.keys["client_id"], self.keys["client_secret"])
        self.api = (self.keys.get("api_base") or APIS[self.keys["mode"]]).rstrip("/")

    def begin(self, basket: Any, *, order_number: str, back: str, cancel: str) -> str:
        total = amount_of(basket.total_incl_tax, basket.currency)
        payment = self.post(
            "/v1/payments/payment",
            {
                "intent": "sale",
                "payer": {"payment_method": "paypal"},
                "redirect_urls": {"return_url": back, "cancel_url": cancel},
                "transactions": [
                    {
                        "amount": total,
                        "item_list": {"items": items_of(basket)},
                        "invoice_number": order_number,
                    }
                ],
            },
        )
        self.record(payment, reference=payment["id"], basket=basket)
        approval = [link["href"] for link in payment["links"] if link["rel"] == "approval_url"]
        if not approval:
            raise GatewayError("PayPal: the payment cannot be approved by anybody.")
        return str(approval[0])

    def basket_of(self, payment_id: str) -> Any:
        """Return the basket of a payment; None if there is no such payment."""
        begun = PaymentProcessorResponse.objects.filter(
            processor_name=self.NAME, transaction_id=payment_id
        )
        first = begun.select_related("basket").last()
        return first.basket if first else None

    def finish(self, basket: Any, *, payment_id: str, payer_id: str) -> Payment:
        """Take the money to which the buyer agreed, or raise Declined or GatewayError."""
        path = f"/v1/payments/payment/{payment_id}/execute"
        payment = self.post(path, {"payer_id": payer_id})
        self.record(payment, reference=payment_id, basket=basket)
        if payment.get("state") != "approved":
            raise Declined("PayPal did not make the payment.")
        transaction = payment["transactions"][0]
        paid, due = transaction["amount"], amount_of(basket.total_incl_tax, basket.currency)
        if any(paid[key] != due[key] for key in due):
            raise GatewayError(f"PayPal: {paid} was paid where {due} was due.")
        sale = next(r["sale"] for r in transaction["related_resources"] if "sale" in r)
        email = payment["payer"]["payer_info"]["email"]
        return Payment(
            self.NAME, sale["id"], basket.total_incl_tax, basket.currency, f"PayPal {email}"
        )

    def credit(self, *, reference: str, amount: Decimal, currency: str, basket: Any) -> str:
        refund = self.post(
            f"/v1/payments/sale/{reference}/refund", {"amount": amount_of(amount, currency)}
        )
        self.record(refund, reference=refund["id"], basket=basket)
        return str(refund["id"])

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            token = requests.post(
                f"{self.api}/v1/oauth2/token",
                {"grant_type": "client_credentials"},
                auth=self.account,
                timeout=TIMEOUT,
            )
            token.raise_for_status()
            answer = requests.post(
                f"{self.api}{path}",
                json=body,
                headers={"Authorization": f"Bearer {token.json()['access_token']}"},
                timeout=TIMEOUT,
            )
            content: dict[str, Any] = answer.json()
        except (requests.RequestException, KeyError) as error:
            raise GatewayError(f"PayPal: {error}") from error
        if not answer.ok:
            self.record(content)
            raise GatewayError(f"PayPal: {content.get('name')}: {content.get('message')}")
        return content


def amount_of(amount: Decimal, currency: str) -> dict[str, str]:
    return {"total": as_text(amount, currency), "currency": currency}


def as_text(amount: Decimal, currency: str) -> str:
    return f"{amount:.{get_currency_precision(currency)}f}"


def items_of(basket: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": line.product.get_title(),
            "sku": line.stockrecord.partner_sku,
            "quantity": line.quantity,
            "price": as_text(
                line.line_price_incl_tax_incl_discounts / line.quantity, basket.currency
            ),
            "currency": basket.currency,
        }
        for line in basket.all_lines()
    ]
