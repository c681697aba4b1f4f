from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "rehearsal.edxapp.organizations"
    label = "organizations"
