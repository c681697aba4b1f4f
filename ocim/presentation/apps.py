from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "ocim.presentation"
    label = "reports"
