from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "ocim.api"
    label = "api"
