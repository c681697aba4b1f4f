from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "ocim.store"
    label = "store"
