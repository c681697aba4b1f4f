from django.apps import AppConfig


class ThumbnailConfig(AppConfig):
    name = "rehearsal.edxapp.thumbnail"
    label = "thumbnail"
