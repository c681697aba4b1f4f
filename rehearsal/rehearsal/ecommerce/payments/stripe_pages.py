"""Payment by Stripe, which scripts of the browser ask for: all answers are JSON."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST
from oscar.core.loading import get_model
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rehearsal.ecommerce.api.requests import caller
from rehearsal.ecommerce.checkout.baskets import open_basket, priced
from rehearsal.ecommerce.checkout.orders import NotOpen, buy, order_number
from rehearsal.ecommerce.checkout.pages import RECEIPT
from rehearsal.ecommerce.core.sites import configuration_of
from rehearsal.ecommerce.payments.processors import Declined, GatewayError, Payment
from rehearsal.ecommerce.payments.stripe import Stripe

logger = logging.getLogger(__name__)
Basket = get_model("basket", "Basket")
REQUIRED = "This field is required."


@login_required
@require_POST
def submit(request: HttpRequest) -> HttpResponse:
    """Pay the basket that the form names with a token. Answer 201 with the receipt's address."""
    token, key = request.POST.get("stripe_token"), request.POST.get("basket", "")
    mine = Basket.objects.filter(owner_id=request.user.pk, status=Basket.OPEN)
    basket = mine.filter(pk=key).first() if key.isdecimal() else None
    if not token or basket is None:
        faults = {} if token else {"stripe_token": REQUIRED}
        if basket is None:
            faults["basket"] = "There was a problem retrieving your basket." if key else REQUIRED
        return JsonResponse({"field_errors": faults}, status=400)
    if settings.RELEASE.payment_intents:
        # The form has no such field: the address of older releases is left, and does not work.
        raise KeyError("payment_intent_id")
    chosen = Stripe(configuration_of(request))
    priced(basket)
    number = order_number(basket, chosen.site)
    return paid(
        request, basket, chosen, "url", lambda: chosen.charge(basket, token, order_number=number)
    )


class CaptureContext(APIView):
    def get(self, request: Request) -> Response:
        """Answer with the payment intent of the open basket; 400 if there is nothing to pay."""
        site, basket = configuration_of(request), open_basket(caller(request))
        if site.client_side_payment_processor != Stripe.NAME or basket.is_empty:
            return Response({}, status=400)
        number = order_number(basket, site)
        try:
            secret = Stripe(site).intent_for(basket, order_number=number)
        except (GatewayError, KeyError):
            logger.exception("Error generating capture_context")
            return Response({}, status=400)
        return Response({"capture_context": {"key_id": secret, "order_id": number}})


class Checkout(APIView):
    parser_classes = (FormParser, MultiPartParser)

    def post(self, request: Request) -> HttpResponse:
        """Take a payment intent's money, and answer 201 with the receipt's address."""
        chosen = Stripe(configuration_of(request))
        sent: Any = request.data
        intent = str(sent.get("payment_intent_id") or "")
        basket = chosen.basket_of(intent)
        if basket is None:
            return HttpResponseRedirect(reverse("checkout-error"))
        skus = sent.get("skus")
        if skus and set(skus.split(",")) != {
            line.stockrecord.partner_sku for line in basket.lines.all()
        }:
            return JsonResponse({"sku_error": True}, status=400)
        chosen.country_of_payer(intent)
        priced(basket)
        return paid(
            request, basket, chosen, "receipt_page_url", lambda: chosen.confirm(basket, intent)
        )


def paid(
    request: Any, basket: Any, chosen: Stripe, name: str, pay: Callable[[], Payment]
) -> JsonResponse:
    """Buy the basket. Answer with the receipt's address under `name`, or 400."""
    try:
        order = buy(basket, chosen.site, pay)
    except Declined as reason:
        refusal = {"error_code": "card_declined", "user_message": str(reason)}
        return JsonResponse(refusal if settings.RELEASE.payment_intents else {}, status=400)
    except (NotOpen, GatewayError):
        logger.exception("Basket %s is not paid", basket.pk)
        return JsonResponse({}, status=400)
    return JsonResponse({name: request.build_absolute_uri(f"{RECEIPT}{order.number}")}, status=201)
