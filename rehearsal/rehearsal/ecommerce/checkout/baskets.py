"""Baskets: what somebody is about to buy, and what they may not."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from oscar.apps.offer.applicator import Applicator
from oscar.apps.partner.strategy import Selector
from oscar.core.loading import get_model

from rehearsal.ecommerce.catalogue.models import Product
from rehearsal.ecommerce.core.models import SiteConfiguration, User
from rehearsal.ecommerce.courses.seats import SEAT
from rehearsal.ecommerce.refunds import models as refunds

Basket = get_model("basket", "Basket")
Line = get_model("order", "Line")
Voucher = get_model("voucher", "Voucher")


class CannotBuy(Exception):
    """What is asked for is not to be had; the text tells the buyer why."""


class BadVoucher(Exception):
    """A code that is of no use; the text tells the buyer why."""


def open_basket(user: User) -> Any:
    """The user's basket, with prices; made where there is none."""
    basket = Basket.open.filter(owner=user).order_by("-pk").first()
    return priced(basket or Basket.objects.create(owner=user))


def new_basket(user: User) -> Any:
    """An empty basket besides the one that the user may have."""
    return priced(Basket.objects.create(owner=user))


def priced(basket: Any) -> Any:
    """The basket with prices, and the discounts of its vouchers."""
    basket.strategy = Selector().strategy(user=basket.owner)
    basket.reset_offer_applications()
    if not basket.is_empty:
        Applicator().apply(basket, basket.owner)
    return basket


def products_of(skus: Iterable[str], site: SiteConfiguration) -> list[Product]:
    """The products that the site's partner sells under these SKUs. Raises CannotBuy."""
    wanted = list(dict.fromkeys(skus))
    if not wanted:
        raise CannotBuy("No SKUs provided.")
    found = Product.objects.filter(
        stockrecords__partner=site.partner, stockrecords__partner_sku__in=wanted
    )
    if not found:
        raise CannotBuy(f"Products with SKU(s) [{', '.join(wanted)}] do not exist.")
    return list(found)


def fill(basket: Any, products: Iterable[Product]) -> None:
    """Put one of each into the basket, in place of what is in it. Raises CannotBuy."""
    chosen = list(products)
    for product in chosen:
        if product.expires and product.expires <= timezone.now():
            raise CannotBuy(f"{product.get_title()} is no longer for sale.")
        if has_bought(basket.owner, product):
            raise CannotBuy(f"You have already purchased {product.get_title()}.")
    basket.flush()
    basket.vouchers.clear()
    for product in chosen:
        basket.add_product(product)
    priced(basket)


def has_bought(user: User, product: Product) -> bool:
    """Whether the user has a seat already, and has not given it back."""
    if product.get_product_class().name != SEAT:
        return False
    bought = Line.objects.filter(order__user=user, product=product)
    return bought.exclude(refund_lines__refund__status=refunds.COMPLETE).exists()


def add_voucher(basket: Any, code: str) -> None:
    """Let a code count for the basket, in place of others. Raises BadVoucher."""
    voucher = usable(code, basket)
    basket.vouchers.set([voucher])
    priced(basket)
    if not basket.grouped_voucher_discounts:
        basket.vouchers.clear()
        priced(basket)
        raise BadVoucher(f"Coupon code '{code}' is not valid for this basket.")


def usable(code: str, basket: Any) -> Any:
    """The voucher of that code. Raises BadVoucher."""
    voucher = Voucher.objects.filter(code=code.strip().upper()).first()
    if voucher is None:
        raise BadVoucher(f"No voucher found with code {code}")
    if voucher.is_expired():
        raise BadVoucher(f"The voucher {code} has expired.")
    if not voucher.is_active():
        raise BadVoucher(f"The voucher {code} is not yet active.")
    available, _reason = voucher.is_available_to_user(user=basket.owner)
    left = [offer.get_max_applications(basket.owner) for offer in voucher.offers.all()]
    if not available or not any(left):
        raise BadVoucher(f"The voucher {code} has already been used.")
    return voucher
