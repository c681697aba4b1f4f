"""Making coupons: codes, and the discount that they give on some seats."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.crypto import get_random_string
from oscar.core.loading import get_model

from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.checkout.baskets import new_basket
from rehearsal.ecommerce.checkout.orders import buy
from rehearsal.ecommerce.core.models import SiteConfiguration, User
from rehearsal.ecommerce.coupons.models import Coupon, CouponVouchers
from rehearsal.ecommerce.payments.processors import Payment

Benefit = get_model("offer", "Benefit")
Condition = get_model("offer", "Condition")
ConditionalOffer = get_model("offer", "ConditionalOffer")
ProductClass = get_model("catalogue", "ProductClass")
Range = get_model("offer", "Range")
StockRecord = get_model("partner", "StockRecord")
Voucher = get_model("voucher", "Voucher")

CATEGORIES = (
    "Affiliate Promotion",
    "Bulk Enrollment",
    "Course Promotion",
    "Customer Service",
    "Financial Assistance",
    "Marketing-Other",
    "Other",
    "Scholarship",
    "Support-Other",
)
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 16


@dataclass(frozen=True)
class Wanted:
    """A coupon as it is asked for. `code` is empty where codes are to be made up."""

    title: str
    client: str
    category: str
    note: str
    benefit_type: str
    benefit_value: Decimal
    voucher_type: str
    code: str
    quantity: int
    max_uses: int | None
    start: datetime
    end: datetime
    price: Decimal
    seats: tuple[Product, ...]


@transaction.atomic
def create_coupon(wanted: Wanted, site: SiteConfiguration) -> Coupon:
    """Create a coupon with its codes. They share an offer unless each counts its own uses."""
    product = Product.objects.create(
        title=wanted.title, product_class=ProductClass.objects.get(name="Coupon")
    )
    StockRecord.objects.create(
        product=product,
        partner=site.partner,
        partner_sku=get_random_string(7, ALPHABET),
        price=wanted.price,
        price_currency=settings.OSCAR_DEFAULT_CURRENCY,
    )
    coupon = Coupon.objects.create(
        product=product,
        client=wanted.client,
        category=wanted.category,
        note=wanted.note,
        max_uses=wanted.max_uses,
    )
    of_coupon: Any = CouponVouchers.objects.create(coupon=product).vouchers
    offer = None
    for number in range(wanted.quantity):
        if offer is None or wanted.voucher_type == Voucher.MULTI_USE:
            offer = create_offer(f"Coupon [{product.pk}]-{number}", wanted)
        of_coupon.add(create_voucher(wanted, offer))
    return coupon


def create_offer(name: str, wanted: Wanted) -> Any:
    """Create the discount on each of the seats, for baskets that contain one of them."""
    chosen = Range.objects.create(name=name)
    for seat in wanted.seats:
        chosen.add_product(seat)
    return ConditionalOffer.objects.create(
        name=name,
        offer_type=ConditionalOffer.VOUCHER,
        condition=Condition.objects.create(range=chosen, type=Condition.COUNT, value=1),
        benefit=Benefit.objects.create(
            range=chosen, type=wanted.benefit_type, value=wanted.benefit_value, max_affected_items=1
        ),
        max_global_applications=wanted.max_uses,
    )


def create_voucher(wanted: Wanted, offer: Any) -> Any:
    code = wanted.code.upper() or get_random_string(CODE_LENGTH, ALPHABET)
    voucher = Voucher.objects.create(
        name=f"{wanted.title} {code}"[:128],
        code=code,
        usage=wanted.voucher_type,
        start_datetime=wanted.start,
        end_datetime=wanted.end,
    )
    voucher.offers.add(offer)
    return voucher


def order_coupon(coupon: Coupon, buyer: User, site: SiteConfiguration) -> Any:
    """Write down who has made it, as an order that is paid by invoice."""
    basket = new_basket(buyer)
    basket.add_product(coupon.product)

    def by_invoice() -> Payment:
        return Payment("invoice", coupon.product.title, basket.total_incl_tax, basket.currency)

    return buy(basket, site, by_invoice)


def seats_of(coupon: Coupon) -> Iterable[Product]:
    """Return the seats to which the coupon's codes apply."""
    return coupon.vouchers.first().offers.first().benefit.range.all_products()
