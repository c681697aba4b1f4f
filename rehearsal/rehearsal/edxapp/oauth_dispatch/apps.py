from django.apps import AppConfig


class OauthDispatchConfig(AppConfig):
    name = "rehearsal.edxapp.oauth_dispatch"
    label = "oauth_dispatch"
