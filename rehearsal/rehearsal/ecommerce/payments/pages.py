"""Pages for payment: forms of the basket, and buyers who return from a processor."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from rehearsal.ecommerce.checkout.baskets import open_basket, priced
from rehearsal.ecommerce.checkout.orders import NotOpen, buy, order_number
from rehearsal.ecommerce.checkout.pages import RECEIPT, failed, signed_in
from rehearsal.ecommerce.core.sites import configuration_of
from rehearsal.ecommerce.payments.processors import (
    AwayProcessor,
    CardProcessor,
    Declined,
    GatewayError,
    processor,
    processors_of,
)


@login_required
@require_POST
def submit(request: HttpRequest, name: str) -> HttpResponse:
    """Pay the basket with the value in the processor's form."""
    basket = open_basket(signed_in(request))
    chosen = enabled(request, name, CardProcessor)
    value = request.POST.get(chosen.field, "")
    number = order_number(basket, chosen.site)
    return paid(request, basket, chosen, lambda: chosen.charge(basket, value, order_number=number))


@login_required
@require_POST
def begin(request: HttpRequest, name: str) -> HttpResponse:
    """Send the buyer to the processor."""
    basket = open_basket(signed_in(request))
    chosen = enabled(request, name, AwayProcessor)
    if basket.is_empty:
        return failed(request, "The basket is empty.")
    try:
        address = chosen.begin(
            basket,
            order_number=order_number(basket, chosen.site),
            back=request.build_absolute_uri(reverse("paypal-execute")),
            cancel=request.build_absolute_uri(reverse("cancel-checkout")),
        )
    except GatewayError as error:
        return failed(request, f"The payment was not begun. {error}", status=502)
    return HttpResponseRedirect(address)


@login_required
def paypal_execute(request: HttpRequest) -> HttpResponse:
    """Take the payment to which the buyer agreed at PayPal."""
    chosen = enabled(request, "paypal", AwayProcessor)
    payment_id = request.GET.get("paymentId", "")
    basket = chosen.basket_of(payment_id)
    if basket is None or basket.owner_id != request.user.pk:
        raise Http404
    payer_id = request.GET.get("PayerID", "")
    priced(basket)
    return paid(
        request,
        basket,
        chosen,
        lambda: chosen.finish(basket, payment_id=payment_id, payer_id=payer_id),
    )


def paid(request: HttpRequest, basket: Any, chosen: Any, pay: Any) -> HttpResponse:
    """Buy the basket, and show the receipt or the error."""
    try:
        order = buy(basket, chosen.site, pay)
    except Declined as reason:
        messages.error(request, str(reason))
        return redirect("basket")
    except NotOpen as reason:
        return failed(request, str(reason))
    except GatewayError as error:
        return failed(request, f"The payment was not made. {error}", status=502)
    return HttpResponseRedirect(f"{RECEIPT}{order.number}")


def enabled(request: HttpRequest, name: str, kind: type) -> Any:
    """Return the site's processor. Raise Http404 unless it is enabled and of this kind."""
    site = configuration_of(request)
    if name not in processors_of(site):
        raise Http404
    chosen = processor(name, site)
    if not isinstance(chosen, kind):
        raise Http404
    return chosen
