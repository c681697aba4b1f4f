"""Page of the dashboard on which staff retries what an order could not give its buyer."""

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from oscar.core.loading import get_model

from rehearsal.ecommerce.checkout.fulfilment import COMPLETE, fulfill

Order = get_model("order", "Order")


@staff_member_required(login_url="login")  # type: ignore[untyped-decorator]
def order(request: HttpRequest, number: str) -> HttpResponse:
    """Show an order; fulfill the rest of it if the form of its button is sent."""
    shown = get_object_or_404(Order, number=number)
    if request.method == "POST":
        if fulfill(shown):
            messages.success(request, f"Order {number} has been fulfilled.")
        else:
            messages.error(request, f"Failed to fulfill order {number}: the log says why.")
        return redirect("dashboard-order", number=number)
    can_retry = shown.status != COMPLETE
    return render(request, "checkout/dashboard.html", {"order": shown, "can_retry": can_retry})
