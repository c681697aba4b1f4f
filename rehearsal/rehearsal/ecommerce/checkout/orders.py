"""Orders: payment of a basket, and the order that follows."""

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from oscar.apps.checkout.calculators import OrderTotalCalculator
from oscar.apps.order.utils import OrderCreator
from oscar.apps.shipping.methods import NoShippingRequired
from oscar.core.loading import get_model

from rehearsal.ecommerce.checkout.baskets import priced
from rehearsal.ecommerce.checkout.fulfilment import fulfill_or_queue
from rehearsal.ecommerce.core.models import SiteConfiguration
from rehearsal.ecommerce.payments.processors import Payment

logger = logging.getLogger(__name__)
Basket = get_model("basket", "Basket")
Source = get_model("payment", "Source")
SourceType = get_model("payment", "SourceType")


class NotOpen(Exception):
    """The basket cannot be bought as it is."""


def order_number(basket: Any, site: SiteConfiguration) -> str:
    """Return the number of a basket's order, like `DEMO-100017`, before the order exists."""
    return f"{site.partner.short_code.upper()}-{100000 + basket.pk}"


def buy(basket: Any, site: SiteConfiguration, pay: Callable[[], Payment] | None = None) -> Any:
    """Return the order for the basket, after `pay` took the money (None: nothing is due).

    Nobody else can pay the same basket meanwhile. Raise NotOpen, or the error of `pay`; then
    the basket does not change.
    """
    if basket.is_empty or (pay is None and basket.total_incl_tax):
        raise NotOpen("The basket is empty, or has to be paid for.")
    open_basket = Basket.objects.filter(pk=basket.pk, status=Basket.OPEN)
    if not open_basket.update(status=Basket.FROZEN):
        raise NotOpen("The basket has been paid already.")
    basket.status = Basket.FROZEN
    try:
        payment = pay() if pay else None
    except BaseException:
        basket.thaw()
        raise
    try:
        order = place(basket, site, payment)
    except Exception:
        # The money is taken. The basket stays frozen, so that nobody pays it twice.
        logger.exception("No order for basket %s, which is paid: %s", basket.pk, payment)
        raise
    fulfill_or_queue(order)
    return order


@transaction.atomic
def place(basket: Any, site: SiteConfiguration, payment: Payment | None) -> Any:
    """Write down the order, and what was paid for it."""
    priced(basket)
    shipping = NoShippingRequired()
    charge = shipping.calculate(basket)
    order = OrderCreator().place_order(
        basket=basket,
        total=OrderTotalCalculator().calculate(basket, charge),
        shipping_method=shipping,
        shipping_charge=charge,
        user=basket.owner,
        order_number=order_number(basket, site),
        site=site.site,
    )
    if payment:
        kind, _made = SourceType.objects.get_or_create(
            code=payment.processor, defaults={"name": payment.processor}
        )
        source = Source.objects.create(
            order=order,
            source_type=kind,
            currency=payment.currency,
            amount_allocated=payment.amount,
            reference=payment.reference,
            label=payment.label,
        )
        source.debit(payment.amount, payment.reference)
    basket.submit()
    return order
