from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "ocim.web"
    label = "web"
