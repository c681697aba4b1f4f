"""Stripe, by the calls of the releases since juniper: a token of the browser's, and a charge."""

from decimal import Decimal
from typing import Any

import stripe
from babel.numbers import get_currency_precision

from rehearsal.ecommerce.payments.processors import (
    CardProcessor,
    Declined,
    GatewayError,
    Payment,
)

API = "https://api.stripe.com"
JAVASCRIPT = "https://js.stripe.com/v3/"


class Stripe(CardProcessor):
    """Keys: `publishable_key`, `secret_key`.

    `api_base` and `javascript` may say another address than Stripe's own, for rehearsals.
    """

    NAME = "stripe"
    template = "payments/stripe.html"
    field = "stripe_token"

    def read_keys(self) -> None:
        self.publishable_key: str = self.keys["publishable_key"]
        self.client = stripe.StripeClient(
            self.keys["secret_key"],
            base_addresses={"api": self.keys.get("api_base") or API},
            max_network_retries=0,
        )

    def charge(self, basket: Any, value: str, *, order_number: str) -> Payment:
        once: Any = {"idempotency_key": f"{order_number}-{value}"}
        amount = in_smallest_unit(basket.total_incl_tax, basket.currency)
        try:
            # Charge a customer, not the token itself: so Stripe's pages show who has paid.
            customer = self.client.v1.customers.create(
                {"source": value, "email": basket.owner.email}, once
            )
            charge = self.client.v1.charges.create(
                {
                    "amount": amount,
                    "currency": basket.currency.lower(),
                    "customer": customer.id,
                    "description": order_number,
                    "metadata": {"order_number": order_number},
                },
                {"idempotency_key": f"{order_number}-{customer.id}"},
            )
        except stripe.CardError as error:
            self.record(error.json_body, basket=basket)
            raise Declined(error.user_message or "The card was declined.") from error
        except stripe.StripeError as error:
            raise GatewayError(f"Stripe: {error}") from error
        said = charge.to_dict()
        self.record(said, reference=charge.id, basket=basket)
        if charge.status != "succeeded":
            raise GatewayError(f"Stripe: the charge is {charge.status}.")
        card = (said.get("payment_method_details") or {}).get("card") or {}
        label = f"{card.get('brand', 'Card')} {card.get('last4', '')}".strip()
        return Payment(self.NAME, charge.id, basket.total_incl_tax, basket.currency, label)

    def credit(self, *, reference: str, amount: Decimal, currency: str, basket: Any) -> str:
        wanted: Any = {"charge": reference, "amount": in_smallest_unit(amount, currency)}
        try:
            refund = self.client.v1.refunds.create(
                wanted, {"idempotency_key": f"refund-{reference}-{wanted['amount']}"}
            )
        except stripe.StripeError as error:
            raise GatewayError(f"Stripe: {error}") from error
        self.record(refund.to_dict(), reference=refund.id, basket=basket)
        return str(refund.id)

    @property
    def page(self) -> dict[str, Any]:
        return {
            "publishable_key": self.publishable_key,
            "javascript": self.keys.get("javascript") or JAVASCRIPT,
        }


def in_smallest_unit(amount: Decimal, currency: str) -> int:
    """Return an amount in the currency's smallest unit: pence, cents, yen."""
    return int((amount * 10 ** get_currency_precision(currency)).to_integral_value())
