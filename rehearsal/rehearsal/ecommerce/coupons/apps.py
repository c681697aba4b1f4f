from django.apps import AppConfig


class CouponsConfig(AppConfig):
    name = "rehearsal.ecommerce.coupons"
    label = "coupons"
