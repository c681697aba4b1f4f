"""Baskets: their products, prices and vouchers, and reasons against a purchase."""

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
    """A product that cannot be bought; the message tells the buyer the reason."""


class BadVoucher(Exception):
    """A code that cannot be used; the message tells the buyer the reason."""


def open_basket(user: User) -> Any:
    """Return the user's open basket, with prices; create one if there is none."""
    basket = Basket.open.filter(owner=user).order_by("-pk").first()
    return priced(basket or Basket.objects.create(owner=user))


def new_basket(user: User) -> Any:
    """Return a new empty basket, beside any that the user has."""
    return priced(Basket.objects.create(owner=user))


def priced(basket: Any) -> Any:
    """Return the basket with prices and the discounts of its vouchers."""
    basket.strategy = Selector().strategy(user=basket.owner)
    basket.reset_offer_applications()
    if not basket.is_empty:
        Applicator().apply(basket, basket.owner)
    return basket


def products_of(skus: Iterable[str], site: SiteConfiguration) -> list[Product]:
    """Return the products that the site's partner sells under these SKUs, or raise CannotBuy."""
    wanted = list(dict.fromkeys(skus))
    if not wanted:
        raise CannotBuy("No SKUs provided.")
    products = Product.objects.filter(
        stockrecords__partner=site.partner, stockrecords__partner_sku__in=wanted
    )
    if not products:
        raise CannotBuy(f"Products with SKU(s) [{', '.join(wanted)}] do not exist.")
    return list(products)


def fill(basket: Any, products: Iterable[Product]) -> None:
    """Replace the content of the basket by one of each product, or raise CannotBuy."""
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
    """Return True if the user has bought the seat and not returned it."""
    if product.get_product_class().name != SEAT:
        return False
    bought = Line.objects.filter(order__user=user, product=product)
    return bought.exclude(refund_lines__refund__status=refunds.COMPLETE).exists()


def add_voucher(basket: Any, code: str) -> None:
    """Apply a code to the basket, in place of others, or raise BadVoucher."""
    voucher = usable(code, basket)
    basket.vouchers.set([voucher])
    priced(basket)
    if not basket.grouped_voucher_discounts:
        basket.vouchers.clear()
        priced(basket)
        raise BadVoucher(f"Coupon code '{code}' is not valid for this basket.")


def usable(code: str, basket: Any) -> Any:
    """Return the voucher with this code, or raise BadVoucher if it cannot be used."""
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
