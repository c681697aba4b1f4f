from django.apps import AppConfig


class BulkEmailConfig(AppConfig):
    name = "rehearsal.edxapp.bulk_email"
    label = "bulk_email"
