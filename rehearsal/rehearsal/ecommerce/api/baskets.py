"""Baskets and payment, for pages that are not the shop's own."""

from contextlib import suppress
from typing import Any

from django.core.cache import cache
from django.db import transaction
from oscar.core.loading import get_model
from rest_framework import status
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from rehearsal.ecommerce.api.orders import OrderSerializer
from rehearsal.ecommerce.api.requests import body_of, caller
from rehearsal.ecommerce.checkout import baskets
from rehearsal.ecommerce.checkout.orders import buy, order_number
from rehearsal.ecommerce.core.sites import configuration_of
from rehearsal.ecommerce.payments.processors import (
    AwayProcessor,
    GatewayError,
    processor,
    processors_of,
)

Basket = get_model("basket", "Basket")
PROCESSORS = "PAYMENT_PROCESSOR_LIST"
"""Key of the list of processors in the cache: the only one, whatever the site."""
SECONDS_OF_PROCESSORS = 30 * 60


class Baskets(APIView):
    def post(self, request: Request) -> Response:
        """Create a basket with `products`; with `checkout` an order, if nothing is due."""
        site, body = configuration_of(request), body_of(request)
        basket = baskets.new_basket(caller(request))
        try:
            skus = [product["sku"] for product in body.get("products") or []]
            baskets.fill(basket, baskets.products_of(skus, site))
        except (baskets.CannotBuy, KeyError, TypeError) as error:
            basket.delete()
            messages = {"developer_message": str(error), "user_message": str(error)}
            return Response(messages, status.HTTP_400_BAD_REQUEST)
        answer: dict[str, Any] = {"id": basket.pk, "order": None, "payment_data": None}
        if body.get("checkout"):
            if basket.total_incl_tax:
                name = body.get("payment_processor_name") or first_processor(site)
                answer["payment_data"] = begun(request, basket, name)
            else:
                order = buy(basket, site)
                answer["order"] = {"number": order.number}
        return Response(answer)


class OrderOfBasket(APIView):
    def get(self, request: Request, pk: int) -> Response:
        basket = Basket.objects.filter(pk=pk, owner=caller(request)).first()
        order = basket.order_set.first() if basket else None
        if order is None:
            return Response({"detail": "Not found."}, status.HTTP_404_NOT_FOUND)
        return Response(OrderSerializer(order, context={"request": request}).data)


class Calculate(APIView):
    def get(self, request: Request) -> Response:
        """Calculate the price of the SKUs with the codes. Ignore useless codes; save nothing."""
        asked, site = request.query_params, configuration_of(request)
        with transaction.atomic():
            basket = baskets.new_basket(caller(request))
            try:
                for product in baskets.products_of(asked.getlist("sku"), site):
                    basket.add_product(product)
            except baskets.CannotBuy as error:
                raise ParseError(str(error)) from error
            before = baskets.priced(basket).total_incl_tax
            for code in asked.getlist("code"):
                with suppress(baskets.BadVoucher):
                    baskets.add_voucher(basket, code)
            answer = {
                "total_incl_tax_excl_discounts": float(before),
                "total_incl_tax": float(basket.total_incl_tax),
                "currency": basket.currency,
            }
            transaction.set_rollback(True)
        return Response(answer)


class Checkout(APIView):
    def post(self, request: Request) -> Response:
        """Begin the payment of `basket_id`, and tell where to send the buyer."""
        body = body_of(request)
        key = body.get("basket_id")
        mine = Basket.objects.filter(owner=caller(request), status=Basket.OPEN)
        basket = mine.filter(pk=key).first() if isinstance(key, int) else None
        if basket is None:
            raise ParseError(f"Basket [{key}] not found.")
        return Response(begun(request, basket, body.get("payment_processor") or ""))


class Processors(APIView):
    def get(self, request: Request) -> Response:
        """List the names of the site's enabled processors, as they were up to 30 minutes ago."""
        site = configuration_of(request)
        names = cache.get_or_set(PROCESSORS, lambda: processors_of(site), SECONDS_OF_PROCESSORS)
        return Response(names)


def begun(request: Request, basket: Any, name: str) -> dict[str, Any]:
    """Begin a payment on the processor's own pages. Raise ParseError if it cannot begin."""
    site = configuration_of(request)
    if name not in processors_of(site):
        raise ParseError(f"Payment processor [{name}] not found.")
    chosen = processor(name, site)
    if not isinstance(chosen, AwayProcessor):
        raise ParseError(f"{name} is paid with on the shop's own page.")
    baskets.priced(basket)
    try:
        url = chosen.begin(
            basket,
            order_number=order_number(basket, site),
            back=reverse("paypal-execute", request=request),
            cancel=reverse("cancel-checkout", request=request),
        )
    except GatewayError as error:
        raise ParseError(str(error)) from error
    return {
        "payment_processor": name,
        "payment_processor_name": name,
        "payment_page_url": url,
        "payment_form_data": {},
    }


def first_processor(site: Any) -> str:
    return next(iter(processors_of(site)), "")
