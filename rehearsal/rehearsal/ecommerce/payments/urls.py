from django.urls import path

from rehearsal.ecommerce.payments import pages

urlpatterns = [
    path("payment/<slug:name>/submit/", pages.submit, name="pay"),
    path("payment/<slug:name>/begin/", pages.begin, name="pay-away"),
    path("payment/paypal/execute/", pages.paypal_execute, name="paypal-execute"),
]
