from django.apps import AppConfig


class ApiAdminConfig(AppConfig):
    name = "rehearsal.edxapp.api_admin"
    label = "api_admin"
