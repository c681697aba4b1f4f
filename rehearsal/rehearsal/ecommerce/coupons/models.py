from typing import Any

from django.db import models


class Coupon(models.Model):
    """A batch of codes that give the same discount; `product` is what its buyer ordered."""

    product = models.OneToOneField(
        "catalogue.Product", related_name="coupon", on_delete=models.CASCADE
    )
    vouchers: Any = models.ManyToManyField("voucher.Voucher", related_name="coupons")
    client = models.CharField(max_length=255, blank=True, default="")
    category = models.CharField(max_length=255)
    note = models.CharField(max_length=255, blank=True, default="")
    max_uses = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.product)
