"""Redeeming a code by a link."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

from rehearsal.common.oauth_client import LmsRefused
from rehearsal.ecommerce.checkout import baskets
from rehearsal.ecommerce.checkout.orders import buy
from rehearsal.ecommerce.checkout.pages import RECEIPT, failed, signed_in
from rehearsal.ecommerce.core.lms import Lms
from rehearsal.ecommerce.core.sites import configuration_of


@login_required
def redeem(request: HttpRequest) -> HttpResponse:
    """Redeem `code` for `sku`. Lead to the basket, or (if nothing is due) to the receipt."""
    site, user = configuration_of(request), signed_in(request)
    code = request.GET.get("code", "")
    basket = baskets.open_basket(user)
    try:
        products = baskets.products_of(request.GET.getlist("sku"), site)
        baskets.usable(code, basket)
        if not Lms(site).account(user.username).get("is_active"):
            return failed(request, "You need to activate your account at the LMS first.")
        baskets.fill(basket, products)
        baskets.add_voucher(basket, code)
    except (baskets.CannotBuy, baskets.BadVoucher) as reason:
        return failed(request, str(reason))
    except LmsRefused as refused:
        return failed(request, f"Your account could not be looked up. {refused}", status=502)
    if not basket.total_incl_tax:
        order = buy(basket, site)
        return HttpResponseRedirect(f"{RECEIPT}{order.number}")
    messages.success(request, f"Coupon code '{code}' was added to your basket.")
    return redirect("basket")
