"""Processor of test cards, for rehearsals. The real service has no such processor."""

from decimal import Decimal
from typing import Any

from django.utils.crypto import get_random_string

from rehearsal.ecommerce.payments.processors import CardProcessor, Declined, Payment

GOOD = "4242424242424242"
DECLINED = "4000000000000002"


class TestCard(CardProcessor):
    __test__ = False  # for pytest

    NAME = "test-card"
    template = "payments/test_card.html"
    field = "card_number"

    def charge(self, basket: Any, value: str, *, order_number: str) -> Payment:
        number = "".join(value.split())
        if number != GOOD:
            reason = "declined" if number == DECLINED else "no test card"
            self.record({"order": order_number, "result": reason}, basket=basket)
            raise Declined(f"The card was not charged: it is {reason}.")
        reference = f"test-{get_random_string(16)}"
        self.record({"order": order_number, "result": "paid"}, reference=reference, basket=basket)
        total = basket.total_incl_tax
        return Payment(self.NAME, reference, total, basket.currency, f"Test card {number[-4:]}")

    def credit(self, *, reference: str, amount: Decimal, currency: str, basket: Any) -> str:
        back = f"back-{reference}"
        self.record({"amount": str(amount), "currency": currency}, reference=back, basket=basket)
        return back

    @property
    def page(self) -> dict[str, Any]:
        return {"good": GOOD, "declined": DECLINED}
