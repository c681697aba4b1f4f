from django.apps import AppConfig


class CommerceConfig(AppConfig):
    name = "rehearsal.edxapp.commerce"
    label = "commerce"
