from typing import Any

from django.db import models


class CouponVouchers(models.Model):
    """The codes of a coupon, under the names of the real service."""

    coupon = models.ForeignKey(
        "catalogue.Product", related_name="coupon_vouchers", on_delete=models.CASCADE
    )
    vouchers: Any = models.ManyToManyField(
        "voucher.Voucher", blank=True, related_name="coupon_vouchers"
    )

    class Meta:
        app_label = "voucher"

    def __str__(self) -> str:
        return str(self.coupon)


class Coupon(models.Model):
    """A batch of codes that give the same discount; `product` is what its buyer ordered."""

    product = models.OneToOneField(
        "catalogue.Product", related_name="coupon", on_delete=models.CASCADE
    )
    client = models.CharField(max_length=255, blank=True, default="")
    category = models.CharField(max_length=255)
    note = models.CharField(max_length=255, blank=True, default="")
    max_uses = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.product)

    @property
    def vouchers(self) -> Any:
        """Vouchers of the coupon."""
        return self.product.coupon_vouchers.get().vouchers
