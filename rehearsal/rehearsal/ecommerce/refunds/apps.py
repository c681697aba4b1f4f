from django.apps import AppConfig


class RefundsConfig(AppConfig):
    name = "rehearsal.ecommerce.refunds"
    label = "refund"
