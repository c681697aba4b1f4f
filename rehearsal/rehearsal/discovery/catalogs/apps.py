from django.apps import AppConfig


class CatalogsConfig(AppConfig):
    name = "rehearsal.discovery.catalogs"
    label = "catalogs"
