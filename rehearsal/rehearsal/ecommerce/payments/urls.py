from django.conf import settings
from django.urls import path, re_path

from rehearsal.ecommerce.payments import pages, stripe_pages

urlpatterns = [
    path("payment/stripe/submit/", stripe_pages.submit, name="pay-with-stripe"),
    path("payment/<slug:name>/submit/", pages.submit, name="pay"),
    path("payment/<slug:name>/begin/", pages.begin, name="pay-away"),
    path("payment/paypal/execute/", pages.paypal_execute, name="paypal-execute"),
]

if settings.RELEASE.payment_intents:
    from rehearsal.ecommerce.payments import webhooks

    urlpatterns += [
        path("bff/payment/v0/capture-context/", stripe_pages.CaptureContext.as_view()),
        re_path("^payment/stripe/checkout", stripe_pages.Checkout.as_view()),
        path("api/v2/webhooks/stripe/", webhooks.stripe),
    ]
