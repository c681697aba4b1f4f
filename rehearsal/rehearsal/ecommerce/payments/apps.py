from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "rehearsal.ecommerce.payments"
    label = "payments"
