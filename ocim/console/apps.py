from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "ocim.console"
    label = "console"
