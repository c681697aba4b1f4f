from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "rehearsal.ecommerce.core"
    label = "core"
