"""Stripe, by the calls of each release: a token and a charge, or from palm on payment intents."""

from decimal import Decimal
from typing import Any

import stripe
from babel.numbers import get_currency_precision
from django.conf import settings

from rehearsal.ecommerce.payments.models import PaymentProcessorResponse
from rehearsal.ecommerce.payments.processors import (
    Declined,
    GatewayError,
    Payment,
    Processor,
)

API = "https://api.stripe.com"
JAVASCRIPT = "https://js.stripe.com/v3/"
KEYS = ("publishable_key", "secret_key", "country")
KEYS_SINCE_PALM = (
    *("api_version", "enable_telemetry", "log_level", "max_network_retries", "proxy"),
    *("publishable_key", "secret_key", "webhook_endpoint_secret"),
)


class Stripe(Processor):
    """Keys: those of the release.

    `api_base` and `javascript` may say another address than Stripe's own, for rehearsals.
    """

    NAME = "stripe"
    template = "payments/stripe.html"

    def read_keys(self) -> None:
        for key in KEYS_SINCE_PALM if settings.RELEASE.payment_intents else KEYS:
            self.keys[key]  # like the real one, raise KeyError also for keys without a use
        self.publishable_key: str = self.keys["publishable_key"]
        self.client = stripe.StripeClient(
            self.keys["secret_key"],
            base_addresses={"api": self.keys.get("api_base") or API},
            max_network_retries=0,
        )

    def charge(self, basket: Any, token: str, *, order_number: str) -> Payment:
        """Take the basket's total by a token of the browser's. Raise Declined or GatewayError."""
        once: Any = {"idempotency_key": f"{order_number}-{token}"}
        amount = in_smallest_unit(basket.total_incl_tax, basket.currency)
        try:
            # Charge a customer, not the token itself: so Stripe's pages show who has paid.
            customer = self.client.v1.customers.create(
                {"source": token, "email": basket.owner.email}, once
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
        except stripe.StripeError as error:
            raise self.reason(error, basket) from error
        answer = charge.to_dict()
        self.record(answer, reference=charge.id, basket=basket)
        if charge.status != "succeeded":
            raise GatewayError(f"Stripe: the charge is {charge.status}.")
        return self.payment(charge.id, answer, basket)

    def intent_for(self, basket: Any, *, order_number: str) -> str:
        """Return the client secret of the basket's payment intent; create it the first time."""
        try:
            if known := self.responses.filter(basket=basket, transaction_id__startswith="pi_"):
                intent = self.client.v1.payment_intents.retrieve(known[0].transaction_id)
            else:
                wanted: Any = {
                    "amount": in_smallest_unit(basket.total_incl_tax, basket.currency),
                    "currency": basket.currency.lower(),
                    "metadata": {"order_number": order_number},
                }
                once: Any = {"idempotency_key": f"basket_pi_create_v1_{order_number}"}
                intent = self.client.v1.payment_intents.create(wanted, once)
                self.record(intent.to_dict(), reference=intent.id, basket=basket)
        except stripe.StripeError as error:
            raise self.reason(error, basket) from error
        return str(intent.client_secret)

    def basket_of(self, intent: str) -> Any:
        """Return the basket that the payment intent is for; None if it is for none."""
        known = self.responses.filter(transaction_id=intent).exclude(basket=None).first()
        return known.basket if known else None

    def country_of_payer(self, intent: str) -> str:
        """Return the country of the billing address. Raise KeyError if it has none."""
        asked: Any = {"expand": ["payment_method"]}
        try:
            retrieved = self.client.v1.payment_intents.retrieve(intent, asked).to_dict()
        except stripe.StripeError as error:
            raise GatewayError(f"Stripe: {error}") from error
        method = retrieved.get("payment_method") or {}
        country = ((method.get("billing_details") or {}).get("address") or {}).get("country")
        if not country:
            raise KeyError("country")
        return str(country)

    def confirm(self, basket: Any, intent: str) -> Payment:
        """Take the money of a payment intent that has a payment method."""
        try:
            confirmed = self.client.v1.payment_intents.confirm(intent).to_dict()
        except stripe.StripeError as error:
            raise self.reason(error, basket) from error
        self.record(confirmed, reference=intent, basket=basket)
        if confirmed["status"] != "succeeded":
            raise GatewayError(f"Stripe: the payment intent is {confirmed['status']}.")
        charge = confirmed.get("latest_charge")
        return self.payment(intent, charge if isinstance(charge, dict) else {}, basket)

    def credit(self, *, reference: str, amount: Decimal, currency: str, basket: Any) -> str:
        kind = "payment_intent" if reference.startswith("pi_") else "charge"
        wanted: Any = {kind: reference, "amount": in_smallest_unit(amount, currency)}
        try:
            refund = self.client.v1.refunds.create(
                wanted, {"idempotency_key": f"refund-{reference}-{wanted['amount']}"}
            )
        except stripe.StripeError as error:
            raise GatewayError(f"Stripe: {error}") from error
        self.record(refund.to_dict(), reference=refund.id, basket=basket)
        return str(refund.id)

    @property
    def responses(self) -> Any:
        return PaymentProcessorResponse.objects.filter(processor_name=self.NAME)

    @property
    def page(self) -> dict[str, Any]:
        return {
            "intents": settings.RELEASE.payment_intents,
            "publishable_key": self.publishable_key,
            "javascript": self.keys.get("javascript") or JAVASCRIPT,
        }

    def reason(self, error: stripe.StripeError, basket: Any) -> Exception:
        """Return the exception for an error of Stripe's."""
        if isinstance(error, stripe.CardError):
            self.record(error.json_body, basket=basket)
            return Declined(error.user_message or "The card was declined.")
        return GatewayError(f"Stripe: {error}")

    def payment(self, reference: str, charge: dict[str, Any], basket: Any) -> Payment:
        card = (charge.get("payment_method_details") or {}).get("card") or {}
        label = f"{card.get('brand', 'Card')} {card.get('last4', '')}".strip()
        return Payment(self.NAME, reference, basket.total_incl_tax, basket.currency, label)


def in_smallest_unit(amount: Decimal, currency: str) -> int:
    """Return an amount in the currency's smallest unit: pence, cents, yen."""
    return int((amount * 10 ** get_currency_precision(currency)).to_integral_value())
