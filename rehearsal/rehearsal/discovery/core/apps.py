from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "rehearsal.discovery.core"
    label = "core"
