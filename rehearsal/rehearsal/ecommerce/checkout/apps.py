from django.apps import AppConfig


class CheckoutConfig(AppConfig):
    name = "rehearsal.ecommerce.checkout"
    label = "checkout"
