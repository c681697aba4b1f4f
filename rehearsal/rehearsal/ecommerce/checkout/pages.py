"""Pages for buyers: basket, checkout, receipt."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST
from oscar.core.loading import get_model

from rehearsal.ecommerce.checkout import baskets
from rehearsal.ecommerce.checkout.orders import NotOpen, buy
from rehearsal.ecommerce.core.models import User
from rehearsal.ecommerce.core.sites import configuration_of
from rehearsal.ecommerce.payments.processors import processor, processors_of

Order = get_model("order", "Order")
RECEIPT = "/checkout/receipt/?order_number="


def signed_in(request: HttpRequest) -> User:
    """Return the user of a request that passed `login_required`."""
    if not isinstance(request.user, User):
        raise TypeError("nobody is signed in")
    return request.user


@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Put what the SKUs stand for into the basket, in place of what is in it. By GET, as links."""
    site = configuration_of(request)
    basket = baskets.open_basket(signed_in(request))
    try:
        baskets.fill(basket, baskets.products_of(request.GET.getlist("sku"), site))
    except baskets.CannotBuy as reason:
        return failed(request, str(reason))
    if code := request.GET.get("code"):
        apply_voucher(request, basket, code)
    if site.enable_microfrontend_for_basket_page and site.payment_microfrontend_url:
        return HttpResponseRedirect(site.payment_microfrontend_url)
    return redirect("basket")


@login_required
def show(request: HttpRequest) -> HttpResponse:
    site = configuration_of(request)
    basket = baskets.open_basket(signed_in(request))
    offered = []
    if not basket.is_empty and basket.total_incl_tax:
        offered = [processor(name, site) for name in processors_of(site)]
    return render(request, "checkout/basket.html", {"basket": basket, "processors": offered})


@login_required
@require_POST
def add_voucher(request: HttpRequest) -> HttpResponse:
    apply_voucher(request, baskets.open_basket(signed_in(request)), request.POST.get("code", ""))
    return redirect("basket")


def apply_voucher(request: HttpRequest, basket: Any, code: str) -> None:
    try:
        baskets.add_voucher(basket, code)
        messages.success(request, f"Coupon code '{code}' was added to your basket.")
    except baskets.BadVoucher as reason:
        messages.error(request, str(reason))


@login_required
@require_POST
def free_checkout(request: HttpRequest) -> HttpResponse:
    """Buy a basket that costs nothing."""
    basket = baskets.open_basket(signed_in(request))
    try:
        order = buy(basket, configuration_of(request))
    except NotOpen as reason:
        return failed(request, str(reason))
    return HttpResponseRedirect(f"{RECEIPT}{order.number}")


@login_required
def receipt(request: HttpRequest) -> HttpResponse:
    """Show the receipt of an order to its buyer and to staff."""
    order = Order.objects.filter(number=request.GET.get("order_number", "")).first()
    if order is None or (order.user_id != request.user.pk and not request.user.is_staff):
        raise Http404
    return render(request, "checkout/receipt.html", {"order": order})


def cancelled(request: HttpRequest) -> HttpResponse:
    return render(request, "checkout/cancelled.html")


def error(request: HttpRequest) -> HttpResponse:
    return failed(request, "The payment was not made.", status=200)


def failed(request: HttpRequest, reason: str, *, status: int = 400) -> HttpResponse:
    return render(request, "checkout/failed.html", {"reason": reason}, status=status)
