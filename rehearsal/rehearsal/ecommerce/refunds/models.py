from typing import Any

from django.conf import settings
from django.db import models

OPEN, DENIED, COMPLETE = "Open", "Denied", "Complete"
PAYMENT_REFUND_ERROR, REVOCATION_ERROR = "Payment Refund Error", "Revocation Error"
STATUSES = (OPEN, DENIED, PAYMENT_REFUND_ERROR, REVOCATION_ERROR, COMPLETE)


class Refund(models.Model):
    """A refund of an order. `credited` is set as soon as the money is on its way."""

    order = models.ForeignKey("order.Order", related_name="refunds", on_delete=models.CASCADE)
    user: Any = models.ForeignKey(
        settings.AUTH_USER_MODEL, related_name="refunds", on_delete=models.CASCADE
    )
    total_credit_excl_tax = models.DecimalField(decimal_places=2, max_digits=12)
    currency = models.CharField(max_length=12)
    status = models.CharField(max_length=255, choices=[(name, name) for name in STATUSES])
    credited = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.order}: {self.status}"


class RefundLine(models.Model):
    refund = models.ForeignKey(Refund, related_name="lines", on_delete=models.CASCADE)
    order_line = models.ForeignKey(
        "order.Line", related_name="refund_lines", on_delete=models.CASCADE
    )
    line_credit_excl_tax = models.DecimalField(decimal_places=2, max_digits=12)
    quantity = models.PositiveIntegerField(default=1)
    revoked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.order_line)
