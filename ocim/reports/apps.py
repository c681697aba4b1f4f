from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "ocim.reports"
    label = "reports"
