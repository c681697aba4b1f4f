from django.urls import path

from rehearsal.ecommerce.coupons.redeem import redeem

urlpatterns = [path("redeem/", redeem, name="redeem")]
