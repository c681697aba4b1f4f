from django.urls import path

from rehearsal.ecommerce.checkout import dashboard, pages

urlpatterns = [
    path("basket/", pages.show, name="basket"),
    path("basket/add/", pages.add),
    # Releases before hawthorn send buyers to this page.
    path("basket/single-item/", pages.add),
    path("basket/vouchers/add/", pages.add_voucher, name="add-voucher"),
    path("checkout/free-checkout/", pages.free_checkout, name="free-checkout"),
    path("checkout/receipt/", pages.receipt, name="receipt"),
    path("checkout/cancel-checkout/", pages.cancelled, name="cancel-checkout"),
    path("checkout/error/", pages.error, name="checkout-error"),
    path("dashboard/orders/<slug:number>/", dashboard.order, name="dashboard-order"),
]
